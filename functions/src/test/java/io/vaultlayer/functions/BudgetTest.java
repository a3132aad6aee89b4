package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.wire.Lists;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Money: reserved before it is spent, renewed while it lasts, and never more than allowed. */
class BudgetTest {
  private static final double BUDGET = 1.0;
  private final World world = new World();

  private static Offer priced(String machine, double usdPerHour) {
    return new Offer("fake", "here", GpuClass.CPU, 1, 0, "spot", usdPerHour, machine, true);
  }

  private FakeAgent running() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", null).status()).isEqualTo(200);
    return agent;
  }

  private Money money(String job) {
    return world.control.records().money(new JobId(job)).value();
  }

  /** The agent beats and commits while time passes; every look is held against INV-9. */
  private void works(String job, FakeAgent agent, Duration time) {
    for (long left = time.toMillis(); left > 0; left -= 4000) {
      agent.beat("running", null);
      world.pass(Duration.ofSeconds(4));
      var now = money(job);
      assertThat(now.spentUsd() + now.reservedUsd()).isLessThanOrEqualTo(BUDGET + 1e-6);
    }
    assertThat(check().broken()).isEmpty();
  }

  private Lists.Check check() {
    return world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class);
  }

  @Test
  void aJobRunsUntilItsMoneyEndsAndSpendsNoMore() {
    world.provider.offers(priced("m-1", 0.6));
    var job = world.submit(Map.of("budgetUsd", BUDGET));
    var agent = running();
    works(job, agent, Duration.ofMinutes(90));
    assertThat(world.status(job).state()).isEqualTo("running");
    assertThat(money(job).reservedUsd()).isGreaterThan(0.9);
    works(job, agent, Duration.ofMinutes(15));
    assertThat(world.status(job).state()).isEqualTo("stopped");
    assertThat(world.status(job).reason()).isEqualTo("budget");
    world.pass(Duration.ofMinutes(1));
    assertThat(world.provider.alive()).isEmpty();
    assertThat(money(job).reserved()).isEmpty();
    assertThat(money(job).spentUsd()).isBetween(0.9, BUDGET);
    assertThat(money(job).ungrantedUsd()).isZero();
  }

  @Test
  void aLaunchThatCannotBePaidForFiveMinutesIsNotCreated() {
    world.provider.offers(priced("m-1", 10));
    var job = world.submit(Map.of("budgetUsd", BUDGET));
    assertThat(world.provider.launches()).isEmpty();
    assertThat(world.status(job).reason()).isEqualTo("budget");
    assertThat(world.status(job).detail()).contains("$10.00/h");
  }

  @Test
  void whatFormerInstancesStillHoldIsWaitedForAndNotTakenForSpent() {
    world.provider.offers(priced("m-1", 0.9));
    var job = world.submit(Map.of("budgetUsd", BUDGET));
    var agent = running();
    agent.commit(5);
    works(job, agent, Duration.ofMinutes(2));
    world.provider.terminateAfterLists(4);
    world.provider.failing(true);
    world.pass(Duration.ofSeconds(20));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    world.provider.failing(false);
    world.pass(Duration.ofSeconds(30));
    assertThat(world.status(job).state()).isEqualTo("waiting");
    for (int i = 0; i < 200 && world.lease(job).currentLaunch().isEmpty(); i++) {
      world.pass(Duration.ofSeconds(2));
    }
    assertThat(running().epoch).isEqualTo(2);
    assertThat(money(job).spentUsd()).isGreaterThan(0);
  }

  @Test
  void whatAnUnconfirmedInstanceCostsBeyondItsMoneyIsBookedShownAndAlarmed() {
    world.provider.offers(priced("m-1", 0.6));
    var job = world.submit(Map.of("budgetUsd", BUDGET));
    var agent = running();
    works(job, agent, Duration.ofMinutes(90));
    world.provider.terminateAfterLists(60);
    works(job, agent, Duration.ofMinutes(10));
    assertThat(world.status(job).state()).isEqualTo("stopped");
    world.provider.failing(true);
    world.pass(Duration.ofMinutes(20));
    world.provider.failing(false);
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofMinutes(10));
    assertThat(money(job).reserved()).isEmpty();
    assertThat(money(job).spentUsd() - money(job).ungrantedUsd()).isLessThanOrEqualTo(BUDGET);
    assertThat(money(job).ungrantedUsd()).isGreaterThan(0.1);
    assertThat(world.log).anyMatch(l -> l.contains("alarm") && l.contains("beyond what was"));
    assertThat(world.status(job).warnings()).anyMatch(w -> w.contains("beyond what was reserved"));
    assertThat(check().broken()).isEmpty();
  }

  @Test
  void aFreeInstanceReservesNothingWhateverTheBudget() {
    var job = world.submit(Map.of("budgetUsd", 0.01));
    var agent = running();
    works(job, agent, Duration.ofMinutes(3));
    assertThat(money(job).reservedUsd()).isZero();
    assertThat(world.lease(job).boundLaunch().orElseThrow().fundedUntil()).isEmpty();
    agent.succeed();
    world.pass(Duration.ofMinutes(1));
    assertThat(money(job)).isEqualTo(new Money(Optional.of(0.01), 0, Map.of(), 0));
  }

  @Test
  void aSuccessorIsNotPaidWithWhatTheDrainingInstanceNeeds() {
    world.provider.offers(priced("m-1", 0.9), priced("m-2", 0.9));
    var job = world.submit(Map.of("budgetUsd", BUDGET));
    var agent = running();
    world.agent(job, 1, "reclaim", agent.token, Map.of("noticeSeconds", 60));
    world.deliver();
    assertThat(world.provider.alive()).hasSize(1);
    assertThat(world.log).anyMatch(l -> l.contains("NO_SUCCESSOR"));
    agent.exit("reclaimed", Map.of());
    world.pass(Duration.ofMinutes(1));
    assertThat(world.status(job).state()).isEqualTo("starting");
    assertThat(FakeProvider.facts("fake").visibility()).isLessThan(Duration.ofMinutes(1));
  }

  @Test
  void noMoneyIsLostWhenTheAnswerToARenewalIsLost() {
    world.provider.offers(priced("m-1", 0.3));
    var job = world.submit(Map.of("budgetUsd", BUDGET));
    var agent = running();
    works(job, agent, Duration.ofMinutes(70));
    var label = agent.bootstrap.label();
    var until = world.lease(job).boundLaunch().orElseThrow().fundedUntil().orElseThrow();
    assertThat(until).isAfter(world.clock.instant());
    var start = world.lease(job).boundLaunch().orElseThrow().intendedAt();
    var paid = Duration.between(start, until).plusMinutes(2).toMillis() / 3_600_000.0 * 0.3;
    assertThat(money(job).reserved().get(label))
        .isCloseTo(paid, org.assertj.core.data.Offset.offset(1e-6));
  }
}
