package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import io.vaultlayer.wire.Lists;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The reaper's handler: it loads, writes and performs what {@code Reaper} decides. */
class ReapingTest {
  private static final double PRICE = 0.6;

  private final World world = new World();

  {
    world.provider.offers(
        new Offer("fake", "here", GpuClass.CPU, 1, 0, "spot", PRICE, "m-1", true));
  }

  private FakeAgent running() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", null).status()).isEqualTo(200);
    return agent;
  }

  private void beating(FakeAgent agent, int seconds) {
    for (int i = 0; i < seconds; i += 2) {
      world.pass(Duration.ofSeconds(2));
      assertThat(agent.beat("running", 1L).status()).isEqualTo(200);
    }
  }

  private void inventory() {
    world.queue("REAP_QUEUE_URL").send("{\"reap\":\"inventory\"}", Duration.ZERO);
    world.deliver();
  }

  private InstanceRow row(String label) {
    return new Instances(world).load(label).orElseThrow().value();
  }

  private Money money(String job) {
    return world.control.records().money(new JobId(job)).value();
  }

  private void noLawIsBroken() {
    var check = world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class);
    assertThat(check.broken()).isEmpty();
  }

  @Test
  void aLostCreateAnswerIsAdoptedLongBeforeTheClaimEnds() {
    world.provider.nextCreate(new NextCreate.Ambiguous(true));
    world.provider.visibleAfterLists(1);
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("placing");
    world.pass(Duration.ofSeconds(15));
    assertThat(world.status(job).state()).isEqualTo("starting");
    assertThat(running().succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(2));
    assertThat(world.provider.launches()).as("never created twice").hasSize(1);
    assertThat(world.provider.alive()).isEmpty();
    noLawIsBroken();
  }

  @Test
  void aCopyMadeByMistakeIsEndedAndTheRegisteredOneGoesOn() {
    var job = world.submit(Map.of());
    var agent = running();
    var label = agent.bootstrap.label();
    world.provider.create(world.provider.launches().getFirst());
    var ids = world.provider.ids(label);
    assertThat(ids).hasSize(2);
    inventory();
    assertThat(world.provider.ids(label)).containsExactly(ids.getFirst());
    assertThat(row(label).copies()).isEqualTo(1);
    assertThat(money(job).reservedUsd()).isCloseTo(2 * PRICE, within(1e-9));
    beating(agent, 70);
    assertThat(row(label).copies()).isZero();
    assertThat(money(job).spentUsd()).as("the copy's cost is booked").isPositive();
    assertThat(world.status(job).epoch()).isEqualTo(1);
    noLawIsBroken();
  }

  @Test
  void whatComesBackIsEndedAgainAndPaidThoughTheBudgetIsUsedUp() {
    var job = world.submit(Map.of("budgetUsd", PRICE));
    var agent = running();
    var label = agent.bootstrap.label();
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(1));
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.GONE);
    var paid = money(job).spentUsd();
    world.clock.advance(Duration.ofHours(10));
    world.provider.create(world.provider.launches().getFirst());
    world.provider.terminateAfterLists(3);
    inventory();
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.TERMINATING);
    assertThat(money(job).reservedUsd()).isCloseTo(11 * PRICE, within(0.1));
    noLawIsBroken();
    world.pass(Duration.ofMinutes(2));
    assertThat(world.provider.alive()).isEmpty();
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.GONE);
    assertThat(money(job).reserved()).isEmpty();
    assertThat(money(job).spentUsd() - paid).isCloseTo(10 * PRICE, within(0.1));
    assertThat(world.log).anyMatch(l -> l.contains("alarm") && l.contains("BACK_AGAIN"));
    noLawIsBroken();
  }

  @Test
  void anOrphanOfAJobThatNobodyKnowsIsEndedAndOtherLabelsAreNot() {
    var orphan = "vl-test-job_00000000000000000000000000-e1-1";
    for (var label :
        List.of(orphan, "vl-test-mine", "vl-other-job_00000000000000000000000000-e1-1")) {
      world.provider.create(new Provider.Launch(label, FakeProvider.offer("fake", "m"), "{}"));
    }
    inventory();
    world.pass(Duration.ofMinutes(1));
    assertThat(world.provider.alive())
        .containsExactly("vl-test-mine", "vl-other-job_00000000000000000000000000-e1-1");
    assertThat(row(orphan).state()).isEqualTo(InstanceRow.State.GONE);
  }

  /** The plane died right after the write that closed the attempt: no hint, no due time. */
  @Test
  void whatVanishedWithoutAHintIsFoundByTheNextInventory() {
    var job = world.submit(Map.of());
    var agent = running();
    var label = agent.bootstrap.label();
    beating(agent, 70);
    assertThat(row(label).dueAt().orElseThrow())
        .as("at rest")
        .isAfter(world.clock.instant().plus(Duration.ofMinutes(20)));
    world.provider.vanish(label);
    assertThat(agent.succeed().status()).isEqualTo(200);
    ((io.vaultlayer.testkit.fake.MemoryQueue) world.queue("REAP_QUEUE_URL")).take();
    world.pass(Duration.ofMinutes(2));
    assertThat(row(label).state()).as("nobody was told").isEqualTo(InstanceRow.State.LIVE);
    world.provider.partialList(1);
    inventory();
    assertThat(row(label).state()).as("a part of a list").isEqualTo(InstanceRow.State.LIVE);
    world.provider.partialList(0);
    inventory();
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.GONE);
    assertThat(money(job).reserved()).isEmpty();
    noLawIsBroken();
  }

  @Test
  void aPartialListConfirmsNothingGone() {
    world.submit(Map.of());
    var agent = running();
    var label = agent.bootstrap.label();
    world.provider.partialList(1);
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(2));
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.TERMINATING);
    world.provider.partialList(0);
    world.pass(Duration.ofMinutes(5));
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.GONE);
  }

  @Test
  void aTerminateWhoseAnswerIsLostIsConfirmedByTheListAlone() {
    var job = world.submit(Map.of());
    var agent = running();
    var label = agent.bootstrap.label();
    beating(agent, 8);
    world.provider.loseTerminateAnswers(true);
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.deliver();
    assertThat(world.provider.alive()).isEmpty();
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.TERMINATING);
    world.pass(Duration.ofMinutes(1));
    assertThat(row(label).state()).isEqualTo(InstanceRow.State.GONE);
    assertThat(money(job).reserved()).isEmpty();
    assertThat(world.provider.terminations()).as("no more than was needed").hasSize(1);
    noLawIsBroken();
  }

  @Test
  void anOutageOfTheProviderDelaysTheEndAndNeverEndsTheTrying() {
    world.submit(Map.of());
    var agent = running();
    world.provider.failing(true);
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(30));
    assertThat(world.provider.alive()).hasSize(1);
    world.provider.failing(false);
    world.pass(Duration.ofMinutes(6));
    assertThat(world.provider.alive()).isEmpty();
    noLawIsBroken();
  }
}
