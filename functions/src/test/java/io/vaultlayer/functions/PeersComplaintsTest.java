package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Lists;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What users of comparable systems reported, played on the real handlers: each ends well here. The
 * public issues stand in docs/threats-and-faults.md.
 */
class PeersComplaintsTest {
  private final World world = new World();

  private FakeAgent running(String job) {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.bootstrap.job()).isEqualTo(job);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", null).status()).isEqualTo(200);
    return agent;
  }

  /** Beats every two seconds, a step each, up to and with the given one, while time passes. */
  private void beating(FakeAgent agent, Duration time, long lastStep) {
    for (long left = time.toSeconds() - 2; left >= 0; left -= 2) {
      world.pass(Duration.ofSeconds(2));
      assertThat(agent.beat("running", lastStep - left / 2).status()).isEqualTo(200);
    }
  }

  private Lists.Check check() {
    return world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class);
  }

  private void clean() {
    assertThat(world.provider.alive()).isEmpty();
    assertThat(check().broken()).isEmpty();
    assertThat(check().openInstances()).isZero();
    assertThat(check().reservations()).isZero();
  }

  private void cancel(String job) {
    assertThat(world.call("POST /v1/jobs/{id}/cancel", Map.of("id", job), Map.of(), "").status())
        .isEqualTo(200);
  }

  // ---- the control plane itself kills good work

  @Test
  void aSoundAttemptGoesOnWhileItsProviderGivesNoAnswer() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, Duration.ofSeconds(10), 100);
    world.provider.failing(true);
    beating(agent, Duration.ofMinutes(20), 1000);
    world.provider.failing(false);
    beating(agent, Duration.ofMinutes(1), 1100);
    assertThat(agent.epoch).isEqualTo(1);
    assertThat(world.status(job).attempts()).hasSize(1);
    assertThat(world.provider.launches()).hasSize(1);
  }

  @Test
  void aRestartOfThePlaneFailsNoneOfManyJobs() {
    var jobs = new ArrayList<String>();
    var agents = new ArrayList<FakeAgent>();
    for (int i = 0; i < 40; i++) {
      jobs.add(world.submit(Map.of()));
      agents.add(running(jobs.getLast()));
    }
    world.pass(Duration.ofSeconds(4));
    agents.forEach(agent -> agent.beat("running", 1L));

    // Ten minutes in which nothing of the plane runs; then it looks before anybody has beaten.
    world.clock.advance(Duration.ofMinutes(10));
    world.queue("TICK_QUEUE_URL").send("{\"tick\":\"minute\"}", Duration.ZERO);
    world.pass(Duration.ofSeconds(4));

    agents.forEach(agent -> assertThat(agent.beat("running", 2L).status()).isEqualTo(200));
    world.pass(Duration.ofSeconds(4));
    for (var job : jobs) {
      assertThat(world.status(job).state()).isEqualTo("running");
      assertThat(world.status(job).epoch()).isEqualTo(1);
    }
    assertThat(world.provider.launches()).hasSize(40);
  }

  @Test
  void theLossOfOneHostTouchesNoOther() {
    var jobs = new ArrayList<String>();
    var agents = new ArrayList<FakeAgent>();
    for (int i = 0; i < 8; i++) {
      jobs.add(world.submit(Map.of()));
      agents.add(running(jobs.getLast()));
    }
    var lost = agents.removeFirst();
    world.provider.vanish(lost.bootstrap.label());
    for (long step = 1; step <= 25; step++) {
      world.pass(Duration.ofSeconds(2));
      for (var agent : agents) {
        assertThat(agent.beat("running", step).status()).isEqualTo(200);
      }
    }
    assertThat(world.status(jobs.getFirst()).epoch()).isEqualTo(2);
    assertThat(world.provider.terminations())
        .doesNotContainAnyElementsOf(
            agents.stream().map(agent -> agent.bootstrap.label()).toList());
    jobs.stream().skip(1).forEach(job -> assertThat(world.status(job).epoch()).isEqualTo(1));
  }

  @Test
  void aHostThatIsHeardMayTakeLongToGetReady() {
    var job = world.submit(Map.of());
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    for (int i = 0; i < 45 * 60; i += 2) {
      world.pass(Duration.ofSeconds(2));
      assertThat(agent.beat(i < 1800 ? "fetching" : "setup", null).status()).isEqualTo(200);
    }
    assertThat(world.provider.launches()).hasSize(1);
    assertThat(world.status(job).epoch()).isEqualTo(1);
    assertThat(agent.beat("running", 1L).status()).isEqualTo(200);
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(10));
    clean();
  }

  @Test
  void aCleanUpThatFailsLeavesASuccessASuccess() {
    var job = world.submit(Map.of());
    var agent = running(job);
    world.provider.failing(true);
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(10));
    assertThat(world.status(job).state()).isEqualTo("succeeded");
    world.provider.failing(false);
    world.pass(Duration.ofMinutes(10));
    assertThat(world.status(job).state()).isEqualTo("succeeded");
    clean();
  }

  // ---- leaks that cost money

  @Test
  void anInstanceIsNotTakenForGoneBecauseItsProviderCannotBeReached() {
    var job = world.submit(Map.of());
    running(job);
    world.provider.failing(true);
    cancel(job);
    world.pass(Duration.ofMinutes(30));
    assertThat(world.status(job).state()).isEqualTo("cancelled");
    assertThat(world.provider.alive()).hasSize(1);
    assertThat(check().openInstances()).isEqualTo(1);
    assertThat(check().reservations()).isEqualTo(1);
    world.provider.failing(false);
    world.pass(Duration.ofMinutes(10));
    clean();
  }

  /** Whatever is asked of the provider fails, for longer than a night. */
  @Test
  void keysThatExpireCostAnInstanceUntilTheyAreRenewedAndNoJob() {
    var ending = world.submit(Map.of());
    running(ending);
    var training = world.submit(Map.of());
    var agent = running(training);
    world.provider.failing(true);
    cancel(ending);
    var late = world.submit(Map.of());
    beating(agent, Duration.ofHours(10), 18_000);
    assertThat(world.status(training).epoch()).isEqualTo(1);
    assertThat(world.status(ending).state()).isEqualTo("cancelled");
    assertThat(check().openInstances()).isEqualTo(2);
    assertThat(world.status(late).state()).isEqualTo("waiting");

    world.provider.failing(false);
    long step = 18_000;
    while (!FakeAgent.ofLastLaunch(world).bootstrap.job().equals(late)) {
      step += 5;
      assertThat(step).as("an hour, in steps").isLessThan(18_000 + 1_800);
      beating(agent, Duration.ofSeconds(10), step);
    }
    var next = running(late);
    for (long done = 1; done <= 60; done++) {
      beating(agent, Duration.ofSeconds(2), step + done);
      assertThat(next.beat("running", done).status()).isEqualTo(200);
    }
    assertThat(world.provider.alive())
        .containsExactlyInAnyOrder(agent.bootstrap.label(), next.bootstrap.label());
  }

  @Test
  void aCancelWhileTheJobRecoversLeavesNothingBehind() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, Duration.ofSeconds(4), 20);
    world.provider.visibleAfterLists(3);
    world.provider.nextCreate(new NextCreate.Ambiguous(true));
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    assertThat(world.provider.launches()).hasSize(2);
    assertThat(world.provider.alive()).hasSize(1);
    cancel(job);
    world.pass(Duration.ofMinutes(10));
    assertThat(world.status(job).state()).isEqualTo("cancelled");
    clean();
  }

  @Test
  void aCreateThatTimedOutAndShowsUpLateIsOwnedOrEnded() {
    // Later than the provider says that it may be: the job has long asked for another one.
    world.provider.visibleAfterLists(200);
    world.provider.nextCreate(new NextCreate.Ambiguous(true));
    var job = world.submit(Map.of());
    world.provider.visibleAfterLists(0);
    for (int i = 0; i < 90 && world.provider.launches().size() < 2; i++) {
      world.pass(Duration.ofSeconds(2));
    }
    assertThat(world.provider.alive()).hasSize(2);
    var agent = running(job);
    beating(agent, Duration.ofMinutes(15), 500);
    world.queue("REAP_QUEUE_URL").send("{\"reap\":\"inventory\"}", Duration.ZERO);
    beating(agent, Duration.ofMinutes(1), 600);
    assertThat(world.provider.alive()).containsExactly(agent.bootstrap.label());
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(10));
    clean();
  }

  @Test
  void aStoppedInstanceIsALossAndItsDiskIsNotPaidForLong() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, Duration.ofSeconds(4), 20);
    var label = agent.bootstrap.label();
    world.provider.show(label, Sighting.STOPPED);
    world.pass(Duration.ofSeconds(8));
    assertThat(world.status(job).epoch()).isEqualTo(2);
    world.pass(Duration.ofMinutes(2));
    assertThat(world.provider.alive()).doesNotContain(label);
  }

  @Test
  void aPartialListFencesNobodyAndConfirmsNobodyGone() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, Duration.ofSeconds(10), 20);
    world.provider.partialList(1);
    beating(agent, Duration.ofMinutes(3), 200);
    assertThat(world.status(job).attempts()).hasSize(1);
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(2));
    assertThat(check().openInstances()).isEqualTo(1);
    world.provider.partialList(0);
    world.pass(Duration.ofMinutes(10));
    clean();
  }

  // ---- recovery that does not do what it says

  @Test
  void everyInterruptionIsFollowedByAnotherAttemptWhileStepsAdvance() {
    var job = world.submit(Map.of());
    for (int interruption = 1; interruption <= 6; interruption++) {
      var agent = running(job);
      assertThat(agent.epoch).isEqualTo(interruption);
      beating(agent, Duration.ofSeconds(4), 100L * interruption);
      assertThat(agent.commit(100L * interruption).status()).isEqualTo(200);
      world.provider.vanish(agent.bootstrap.label());
      world.pass(Duration.ofSeconds(6));
    }
    var last = running(job);
    assertThat(last.assignment.checkpoint().step()).isEqualTo(600);
    assertThat(last.succeed().status()).isEqualTo(200);
    assertThat(world.status(job).state()).isEqualTo("succeeded");
    world.pass(Duration.ofMinutes(10));
    clean();
  }

  @Test
  void aPoolThatIsGoneIsLookedForSomeTimesAnHourAndNotEverySecond() {
    world.provider.noCapacity(true);
    var job = world.submit(Map.of());
    world.pass(Duration.ofHours(1));
    assertThat(world.status(job).state()).isEqualTo("waiting");
    assertThat(world.log.stream().filter(line -> line.contains("\"NO_PLACE\"")).count())
        .isBetween(5L, 20L);
    assertThat(world.provider.launches()).isEmpty();
  }

  // ---- checkpoints

  @Test
  void aHalfWrittenCheckpointIsNeverResumedFrom() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, Duration.ofSeconds(4), 500);
    assertThat(agent.commit(500).status()).isEqualTo(200);
    var newest = BucketLayout.checkpoint(job, 1, 900) + "weights.bin";
    world.bucket.put(newest, "half of it".getBytes(StandardCharsets.UTF_8));
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(6));
    var next = running(job);
    assertThat(next.assignment.checkpoint().step()).isEqualTo(500);
    assertThat(world.status(job).checkpoint().step()).isEqualTo(500);
  }
}
