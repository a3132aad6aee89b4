package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Alive without a step: restarted in place, then moved. */
abstract class StallingRules {
  private static final Duration BEAT = Duration.ofSeconds(10);

  /** Runs, told step 5 when {@code beats} said so, and is heard all the time. */
  private static Walk stuck(Duration time) {
    return beats(stepping(), 5, time);
  }

  private static Walk stepping() {
    var job = Walk.running();
    job.takes(Edge.BEAT, job.steps(4)).later(BEAT);
    return job.takes(Edge.BEAT, job.steps(5));
  }

  private static Walk beats(Walk job, long step, Duration time) {
    for (var passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plus(BEAT)) {
      job.later(BEAT).takes(Edge.BEAT, job.steps(step));
    }
    return job;
  }

  @Test
  void aStallIsMarkedAndASecondLookRecognisesIt() {
    var job = stuck(JobMachine.LEAST_STALL);
    job.takes(Edge.STALLED, job.stall());
    assertThat(job.lease().run().stalledAt()).contains(job.now());
    assertThat(job.lease().state()).isEqualTo(JobState.RUNNING);
    job.recognises(job.stall());
    job.takes(Edge.BEAT, job.steps(5)).recognises(job.stall());
  }

  @Test
  void aStallNeedsItsTimeAndAProgramThatTellsSteps() {
    var job = stuck(JobMachine.LEAST_STALL.minus(BEAT));
    job.ignores(Why.STEP_ADVANCED, job.stall());
    var silentProgram = Walk.running();
    for (int i = 0; i < 70; i++) {
      silentProgram.later(BEAT).takes(Edge.BEAT, silentProgram.beat("running"));
    }
    silentProgram.ignores(Why.STEP_ADVANCED, silentProgram.stall());
  }

  @Test
  void aProgramWhoseSavesAreItsOnlyStepsDoesNotStall() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(100));
    for (int i = 0; i < 70; i++) {
      job.later(BEAT);
      var event = (JobEvent.Heartbeat) job.beat("running");
      job.takes(
          Edge.BEAT,
          new JobEvent.Heartbeat(
              event.now(),
              event.epoch(),
              event.token(),
              event.beat(),
              "running",
              Optional.of(100L),
              Optional.empty(),
              Optional.empty(),
              Optional.empty()));
    }
    assertThat(job.lease().run().step()).contains(100L);
    job.ignores(Why.STEP_ADVANCED, job.stall());
  }

  @Test
  void aStallNeedsTheSequenceThatWasRead() {
    var job = stuck(JobMachine.LEAST_STALL);
    var stall = job.stall();
    job.later(BEAT).takes(Edge.BEAT, job.steps(5));
    job.ignores(Why.SEQUENCE_MOVED, stall);
    job.takes(Edge.DRAINING, job.reclaim(Duration.ofMinutes(2)));
    job.ignores(Why.WRONG_STATE, job.stall());
  }

  @Test
  void aStepThatAdvancesWithdrawsIt() {
    var job = stuck(JobMachine.LEAST_STALL);
    job.takes(Edge.STALLED, job.stall()).later(BEAT).takes(Edge.BEAT, job.steps(6));
    assertThat(job.lease().run().stalledAt()).isEmpty();
    assertThat(job.lease().run().stepGapSeconds()).contains(610L);
    job.later(JobMachine.RESTART_LIMIT)
        .ignores(Why.DEADLINE_NOT_PASSED, job.fence("f", FenceCause.STALLED, true));
  }

  @Test
  void timeInWhichNothingWasHeardIsNotHeldAgainstIt() {
    var job = stepping();
    job.later(JobMachine.LEAST_STALL).takes(Edge.BEAT, job.steps(5));
    job.ignores(Why.STEP_ADVANCED, job.stall());
    assertThat(job.lease().run().stepAt()).contains(job.now());
    beats(job, 5, JobMachine.LEAST_STALL).takes(Edge.STALLED, job.stall());
  }

  @Test
  void withoutARestartInTimeItIsMovedAway() {
    var job = stuck(JobMachine.LEAST_STALL);
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f", FenceCause.STALLED, true));
    job.takes(Edge.STALLED, job.stall());
    beats(job, 5, JobMachine.RESTART_LIMIT.minus(BEAT));
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f", FenceCause.STALLED, true));
    beats(job, 5, BEAT).takes(Edge.FENCED, job.fence("f", FenceCause.STALLED, true));
  }

  @Test
  void anEpochThatBeganAfterAStallIsMovedAtOnceWhenItStallsAgain() {
    var job = stuck(JobMachine.LEAST_STALL);
    job.takes(Edge.STALLED, job.stall());
    var next = job.nextEpoch(Walk.attemptToken(2, 1), Optional.of(1L), Outcome.STALLED);
    job.takes(Edge.RESTARTED_IN_PLACE, next);
    assertThat(job.lease().run().afterStall()).isTrue();
    assertThat(job.lease().run().stalledAt()).isEmpty();
    job.takes(Edge.PROGRAM_STARTED, job.steps(5)).later(BEAT).takes(Edge.BEAT, job.steps(6));
    beats(job, 6, JobMachine.LEAST_STALL).takes(Edge.STALLED, job.stall());
    job.takes(Edge.FENCED, job.fence("f", FenceCause.STALLED, true));
    assertThat(job.runsAgain().lease().run().afterStall()).isFalse();
  }

  @Test
  void aLossAfterAStallOnTheSameMachineRemembersItToo() {
    var job = stuck(JobMachine.LEAST_STALL);
    job.takes(Edge.STALLED, job.stall());
    var first = job.nextEpoch(Walk.attemptToken(2, 1), Optional.of(1L), Outcome.STALLED);
    job.takes(Edge.RESTARTED_IN_PLACE, first).takes(Edge.PROGRAM_STARTED, job.steps(6));
    var second = job.nextEpoch(Walk.attemptToken(3, 1), Optional.of(1L), Outcome.LOST);
    job.takes(Edge.COMMITTED, job.commit(6)).takes(Edge.RESTARTED_IN_PLACE, second);
    assertThat(job.lease().run().afterStall()).isTrue();
  }
}
