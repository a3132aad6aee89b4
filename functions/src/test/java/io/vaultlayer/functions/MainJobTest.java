package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.StatusDocument;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The main job through the real handlers: train, die, resume, succeed; and what may go wrong on the
 * way.
 */
class MainJobTest {
  private final World world = new World();

  private FakeAgent running(String job) {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", null).status()).isEqualTo(200);
    assertThat(world.status(job).state()).isEqualTo("running");
    return agent;
  }

  /** Beats every two seconds while time passes. */
  private void beating(FakeAgent agent, int seconds, long step) {
    for (int i = 0; i < seconds; i += 2) {
      world.pass(Duration.ofSeconds(2));
      assertThat(agent.beat("running", step).status()).isEqualTo(200);
    }
  }

  private void clean(String job) {
    world.pass(Duration.ofMinutes(3));
    assertThat(world.provider.alive()).isEmpty();
    var check = world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class);
    assertThat(check.broken()).isEmpty();
    assertThat(check.openInstances()).isZero();
    assertThat(check.reservations()).isZero();
    assertThat(
            world.control.records().money(new io.vaultlayer.core.job.JobId(job)).value().reserved())
        .isEmpty();
  }

  @Test
  void aJobTrainsDiesAndResumesUnderOneId() {
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("starting");
    var first = running(job);
    assertThat(first.assignment.checkpoint()).isNull();
    beating(first, 4, 500);
    assertThat(first.commit(500).status()).isEqualTo(200);
    beating(first, 4, 900);
    var live = world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class);
    assertThat(live.openInstances()).isEqualTo(1);
    assertThat(live.reservations()).isEqualTo(1);

    world.provider.vanish(first.bootstrap.label());
    world.pass(Duration.ofSeconds(3));

    assertThat(world.status(job).state()).isEqualTo("starting");
    assertThat(first.beat("running", 901L).code()).isEqualTo("fenced");
    assertThat(first.commit(901).code()).isEqualTo("fenced");
    var second = running(job);
    assertThat(second.epoch).isEqualTo(2);
    assertThat(second.assignment.checkpoint().step()).isEqualTo(500);
    beating(second, 2, 501);
    assertThat(second.commit(1000).status()).isEqualTo(200);
    assertThat(second.succeed().status()).isEqualTo(200);

    var status = world.status(job);
    assertThat(status.state()).isEqualTo("succeeded");
    assertThat(status.attempts()).extracting("outcome").containsExactly("lost", "succeeded");
    assertThat(status.attempts().get(0).lastStep()).isEqualTo(900);
    assertThat(status.attempts().get(1).resumedFrom()).isEqualTo(500);
    assertThat(status.attempts().get(1).firstStep()).isEqualTo(501);
    assertThat(status.checkpoint().step()).isEqualTo(1000);
    clean(job);
    assertThat(world.announced)
        .contains(
            "JobSubmitted",
            "ProvisionRequested",
            "AttemptStarted",
            "CheckpointCommitted",
            "AttemptFenced",
            "ResumeRequested",
            "JobSucceeded");
  }

  @Test
  void everyEventOnTheBusMayBeLostAndTheSweepStillBringsTheJobHome() {
    world.busLosesEverything = true;
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("queued");
    provisionBySweep(job);
  }

  private void provisionBySweep(String job) {
    // the bus loses every hint; the sweep's own reminders travel the same bus, so heal it after a
    // while
    world.pass(Duration.ofMinutes(2));
    world.busLosesEverything = false;
    world.pass(Duration.ofMinutes(2));
    assertThat(world.status(job).attempts()).isNotEmpty();
  }

  @Test
  void silenceIsFencedAfterTheLeaseWhenTheProviderDoesNotAnswer() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 20, 10);
    world.provider.lie(
        agent.bootstrap.label(), Optional.of(io.vaultlayer.core.port.Provider.Sighting.UNKNOWN));
    world.pass(Duration.ofSeconds(12));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
  }

  @Test
  void silenceIsGivenHalfALeaseMoreWhenTheProviderSaysRunning() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 20, 10);
    world.pass(Duration.ofSeconds(10));
    assertThat(world.lease(job).epoch()).isEqualTo(1);
    assertThat(world.lease(job).graceEnd()).isPresent();
    world.pass(Duration.ofSeconds(6));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
  }

  @Test
  void aBeatWithdrawsTheSuspicion() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 20, 10);
    world.pass(Duration.ofSeconds(10));
    assertThat(agent.beat("running", 11L).status()).isEqualTo(200);
    assertThat(world.lease(job).graceEnd()).isEmpty();
    assertThat(world.lease(job).epoch()).isEqualTo(1);
  }

  @Test
  void aCreateWhoseAnswerIsLostIsFoundByItsLabel() {
    world.provider.nextCreate(new NextCreate.Ambiguous(true));
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("starting");
    assertThat(world.provider.alive()).hasSize(1);
    var agent = running(job);
    assertThat(agent.succeed().status()).isEqualTo(200);
    clean(job);
  }

  @Test
  void aCreateThatMadeNothingIsClosedAndTriedAgain() {
    world.provider.nextCreate(new NextCreate.Ambiguous(false));
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("placing");
    world.pass(Duration.ofSeconds(90));
    assertThat(world.provider.alive()).hasSize(1);
    running(job);
  }

  @Test
  void withoutCapacityTheJobWaitsAndThenGoesOn() {
    world.provider.noCapacity(true);
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("waiting");
    world.pass(Duration.ofMinutes(2));
    world.provider.noCapacity(false);
    world.pass(Duration.ofMinutes(3));
    assertThat(world.status(job).state()).isEqualTo("starting");
  }

  @Test
  void anInstanceThatNeverRegistersIsReplacedAndTerminated() {
    var job = world.submit(Map.of());
    world.pass(Duration.ofSeconds(65));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(world.status(job).attempts().getFirst().outcome()).isEqualTo("never_started");
    var agent = running(job);
    agent.succeed();
    clean(job);
  }

  @Test
  void threeAttemptsWithoutANewStepEndTheJobAndSayWhatToDo() {
    var job = world.submit(Map.of());
    for (int i = 0; i < 3; i++) {
      var agent = running(job);
      beating(agent, 6, 10 + i);
      world.provider.vanish(agent.bootstrap.label());
      world.pass(Duration.ofSeconds(4));
    }
    var status = world.status(job);
    assertThat(status.state()).isEqualTo("failed");
    assertThat(status.reason()).isEqualTo("no_progress");
    assertThat(status.detail()).contains("VAULTLAYER_CHECKPOINT_DIR");
    assertThat(status.attempts()).hasSize(3);
    clean(job);
  }

  @Test
  void withoutFailoverOneLossEndsTheJob() {
    var job = world.submit(Map.of("failover", false));
    var agent = running(job);
    beating(agent, 6, 3);
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    assertThat(world.status(job).reason()).isEqualTo("single_attempt_lost");
    assertThat(world.status(job).attempts()).hasSize(1);
    clean(job);
  }

  @Test
  void aProgramThatFailsIsNotRetried() {
    var job = world.submit(Map.of());
    var agent = running(job);
    agent.exit(
        "failed", Map.of("exitCode", 7, "reason", "user_program_failed", "detail", "exit code 7"));
    assertThat(world.status(job).state()).isEqualTo("failed");
    assertThat(world.status(job).exitCode()).isEqualTo(7);
    clean(job);
  }

  @Test
  void aLostProcessIsRestartedInPlaceInTheNextEpoch() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 2, 100);
    agent.commit(100);
    assertThat(agent.next("vla_second").status()).isEqualTo(200);
    assertThat(agent.epoch).isEqualTo(2);
    assertThat(agent.assignment.checkpoint().step()).isEqualTo(100);
    assertThat(agent.beat("running", 101L).status()).isEqualTo(200);
    beating(agent, 6, 110);
    world.pass(Duration.ofSeconds(1));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(agent.succeed().status()).isEqualTo(200);
    assertThat(world.status(job).attempts())
        .extracting("outcome")
        .containsExactly("lost", "succeeded");
    clean(job);
  }

  @Test
  void cancelKeepsTheCheckpointAndResumeGoesOnInANewEpoch() {
    var job = world.submit(Map.of());
    var agent = running(job);
    agent.commit(50);
    world.call("POST /v1/jobs/{id}/cancel", Map.of("id", job), Map.of(), "");
    assertThat(world.status(job).state()).isEqualTo("cancelled");
    assertThat(agent.beat("running", 51L).code()).isEqualTo("fenced");
    assertThat(world.call("POST /v1/jobs/{id}/cancel", Map.of("id", job), Map.of(), "").status())
        .isEqualTo(422);
    world.pass(Duration.ofSeconds(10));
    assertThat(world.provider.alive()).isEmpty();
    assertThat(
            world
                .call("POST /v1/jobs/{id}/resume", Map.of("id", job), Map.of(), Map.of("epoch", 9))
                .status())
        .isEqualTo(409);
    world.call("POST /v1/jobs/{id}/resume", Map.of("id", job), Map.of(), Map.of("epoch", 1));
    world.deliver();
    var second = running(job);
    assertThat(second.assignment.checkpoint().step()).isEqualTo(50);
    second.succeed();
    assertThat(
            world
                .call("POST /v1/jobs/{id}/resume", Map.of("id", job), Map.of(), Map.of("epoch", 2))
                .status())
        .isEqualTo(422);
    clean(job);
  }

  @Test
  void aDamagedCheckpointIsCondemnedAndTheOneBeforeTakesItsPlace() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 6, 60);
    agent.commit(50);
    agent.commit(60);
    var damaged = io.vaultlayer.wire.BucketLayout.checkpoint(job, 1, 60) + "weights.bin";
    world.bucket.put(damaged, new byte[] {1});
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    var second = FakeAgent.ofLastLaunch(world);
    second.register();
    var pointer = second.assignment.checkpoint();
    assertThat(pointer.step()).isEqualTo(60);
    var reply =
        world.agent(
            job,
            2,
            "condemn",
            second.token,
            Map.of("step", 60, "manifestKey", pointer.manifestKey(), "problem", "short"));
    assertThat(reply.as(AttemptApi.Condemned.class).checkpoint().step()).isEqualTo(50);
    var list =
        world
            .call("GET /v1/jobs/{id}/checkpoints", Map.of("id", job), Map.of(), "")
            .as(Lists.Checkpoints.class);
    assertThat(list.checkpoints()).extracting("status").containsExactly("committed", "condemned");
    assertThat(world.status(job).warnings()).anyMatch(w -> w.contains("condemned"));
    second.beat("running", 51L);
    assertThat(world.status(job).attempts().getLast().resumedFrom()).isEqualTo(50);
    assertThat(second.commit(60).status())
        .as("the condemned step may be committed again, in its own epoch")
        .isEqualTo(200);
  }

  @Test
  void aSoundCheckpointCannotBeCondemned() {
    var job = world.submit(Map.of());
    var agent = running(job);
    agent.commit(50);
    var key = world.lease(job).pointer().orElseThrow().manifestKey();
    var reply =
        world.agent(
            job,
            1,
            "condemn",
            agent.token,
            Map.of("step", 50, "manifestKey", key, "problem", "none"));
    assertThat(reply.code()).isEqualTo("not_damaged");
    assertThat(world.lease(job).pointer()).isPresent();
  }

  @Test
  void aCommitWithoutItsFilesIsRefused() {
    var job = world.submit(Map.of());
    var agent = running(job);
    var body = world.checkpoint(job, 1, 70, "weights");
    world.bucket.delete(
        List.of(io.vaultlayer.wire.BucketLayout.checkpoint(job, 1, 70) + "weights.bin"));
    assertThat(world.agent(job, 1, "commit", agent.token, body).code())
        .isEqualTo("checkpoint_unverified");
    assertThat(world.lease(job).pointer()).isEmpty();
  }

  @Test
  void aScriptThatStartsOverIsMarkedAsNotResumed() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 6, 50);
    agent.commit(50);
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    var second = running(job);
    assertThat(second.commit(10).code()).isEqualTo("step_not_newer");
    assertThat(world.status(job).warnings()).anyMatch(w -> w.contains("did not resume"));
    assertThat(world.lease(job).pointer().orElseThrow().step()).isEqualTo(50);
  }

  @Test
  void aCopiedBootstrapTokenIsFenced() {
    var job = world.submit(Map.of());
    var agent = running(job);
    var thief = FakeAgent.ofLastLaunch(world);
    assertThat(thief.register("vla_thief").code()).isEqualTo("fenced");
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(agent.beat("running", 1L).code()).isEqualTo("fenced");
    assertThat(world.log).anyMatch(l -> l.contains("alarm"));
  }

  @Test
  void aRetriedRegisterGetsTheSameAnswer() {
    world.submit(Map.of());
    var agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    var first = agent.assignment;
    agent.register();
    assertThat(agent.assignment.epoch()).isEqualTo(first.epoch());
  }

  @Test
  void wrongTokensAndWrongEpochsAreToldApart() {
    var job = world.submit(Map.of());
    running(job);
    assertThat(
            world
                .agent(job, 1, "heartbeat", "vla_other", Map.of("beat", 9, "phase", "running"))
                .status())
        .isEqualTo(401);
    assertThat(
            world
                .agent(job, 7, "heartbeat", "vla_other", Map.of("beat", 9, "phase", "running"))
                .code())
        .isEqualTo("fenced");
    assertThat(world.agent(job, 1, "heartbeat", "vla_other", "{").status()).isEqualTo(400);
    assertThat(
            world
                .call(
                    "GET /v1/jobs/{id}",
                    Map.of("id", "job_00000000000000000000000000"),
                    Map.of(),
                    "")
                .status())
        .isEqualTo(404);
  }

  @Test
  void aTerminateIsRepeatedUntilTheListAgrees() {
    world.provider.terminateAfterLists(6);
    var job = world.submit(Map.of());
    var agent = running(job);
    agent.succeed();
    world.pass(Duration.ofMinutes(4));
    assertThat(world.provider.alive()).isEmpty();
    assertThat(world.provider.terminations().size()).isGreaterThan(1);
    clean(job);
  }

  @Test
  void oneKeyMakesOneJob() {
    var request =
        Map.of("command", List.of("true"), "workdir", Map.of("sha256", "a".repeat(64), "bytes", 5));
    var headers = Map.of("idempotency-key", "k1");
    var first =
        world
            .call("POST /v1/jobs", Map.of(), headers, request)
            .as(io.vaultlayer.wire.SubmitResponse.class);
    var again =
        world
            .call("POST /v1/jobs", Map.of(), headers, request)
            .as(io.vaultlayer.wire.SubmitResponse.class);
    assertThat(again.job().id()).isEqualTo(first.job().id());
    var other =
        Map.of(
            "command", List.of("false"), "workdir", Map.of("sha256", "a".repeat(64), "bytes", 5));
    assertThat(world.call("POST /v1/jobs", Map.of(), headers, other).status()).isEqualTo(409);
  }

  @Test
  void aJobWhoseWorkDirectoryNeverArrivesIsCancelledByTheSweep() {
    var request =
        Map.of("command", List.of("true"), "workdir", Map.of("sha256", "a".repeat(64), "bytes", 5));
    var job =
        world
            .call("POST /v1/jobs", Map.of(), Map.of(), request)
            .as(io.vaultlayer.wire.SubmitResponse.class)
            .job()
            .id();
    assertThat(world.call("POST /v1/jobs/{id}/start", Map.of("id", job), Map.of(), "").code())
        .isEqualTo("workdir_missing");
    world.clock.advance(Duration.ofHours(7));
    world.pass(Duration.ofMinutes(2));
    assertThat(world.status(job).state()).isEqualTo("cancelled");
    assertThat(world.status(job).reason()).isEqualTo("upload_never_arrived");
  }

  @Test
  void aJobThatWasCancelledBeforeItWasStartedIsNotStarted() {
    var archive = "archive".getBytes(StandardCharsets.UTF_8);
    var workdir = Map.of("sha256", TokenHash.ofBytes(archive), "bytes", archive.length);
    var made =
        world
            .call(
                "POST /v1/jobs",
                Map.of(),
                Map.of(),
                Map.of("command", List.of("true"), "workdir", workdir))
            .as(io.vaultlayer.wire.SubmitResponse.class);
    var job = Map.of("id", made.job().id());
    world.bucket.use("PUT", java.net.URI.create(made.upload().url()), archive);
    world.call("POST /v1/jobs/{id}/cancel", job, Map.of(), "").as(StatusDocument.class);
    var start = world.call("POST /v1/jobs/{id}/start", job, Map.of(), "");
    assertThat(start.status()).isEqualTo(409);
    assertThat(start.code()).isEqualTo("not_startable");
  }

  @Test
  void explainTellsTheDecisionsInOrder() {
    var job = world.submit(Map.of());
    running(job).succeed();
    var rows =
        world
            .call("GET /v1/jobs/{id}/explain", Map.of("id", job), Map.of(), "")
            .as(Lists.Decisions.class)
            .decisions();
    assertThat(rows)
        .extracting("edge")
        .containsExactly(
            "ARMED",
            "CLAIMED",
            "INTENDED",
            "LAUNCHED",
            "REGISTERED",
            "PROGRAM_STARTED",
            "SUCCEEDED");
  }

  @Test
  void anIntentIsTriedAgainWhenTheMoneyMovesUnderIt() {
    world.beforeClock =
        () -> {
          var caller =
              StackWalker.getInstance()
                  .walk(frames -> frames.anyMatch(f -> f.getMethodName().equals("intend")));
          if (caller) {
            world.beforeClock = () -> {};
            var id =
                new io.vaultlayer.core.job.JobId(
                    world.store.all("leases").getFirst().key().partition());
            var money = world.control.records().money(id);
            world.store.write(
                List.of(world.control.records().moneyWrite(id, money, money.value())));
          }
        };
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("starting");
  }

  @Test
  void aJobThatBecomesLiveRightAfterAnIdleTickIsWatchedAllTheSame() {
    world.queue("TICK_QUEUE_URL").send("{\"tick\":\"minute\"}", Duration.ZERO);
    world.deliver();
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 6, 3);
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(5));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
  }

  @Test
  void whenTicksHaveStoppedABeatCallsForOne() {
    var job = world.submit(Map.of());
    var agent = running(job);
    beating(agent, 6, 3);
    var ticks = (io.vaultlayer.testkit.fake.MemoryQueue) world.queue("TICK_QUEUE_URL");
    ticks.take();
    world.clock.advance(Duration.ofSeconds(1));
    ticks.take();
    world.clock.advance(Duration.ofSeconds(1));
    ticks.take();
    for (int second = 0; second < 60; second += 2) {
      world.clock.advance(Duration.ofSeconds(2));
      agent.beat("running", 4L);
    }
    assertThat(ticks.take()).containsOnly("{\"tick\":\"overdue\"}").hasSize(2);
    world.provider.failing(true);
    world.queue("TICK_QUEUE_URL").send("{}", Duration.ZERO);
    world.deliver();
    world.clock.advance(Duration.ofSeconds(20));
    agent.beat("running", 5L);
    assertThat(ticks.peek()).as("looked at no more than every 30 s").doesNotContain("overdue");
    assertThat(world.lease(job).epoch()).isEqualTo(1);
  }

  @Test
  void everyWarningOfAnAttemptIsKept() {
    var job = world.submit(Map.of());
    var agent = running(job);
    for (var text : List.of("one", "two", "two")) {
      var beat = Map.of("beat", 10 + text.length(), "phase", "running", "warnings", List.of(text));
      world.agent(job, 1, "heartbeat", agent.token, beat);
    }
    assertThat(world.status(job).warnings()).containsExactlyInAnyOrder("one", "two");
  }
}
