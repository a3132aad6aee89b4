package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The next epoch on the same instance, and an attempt that reports its own loss. */
abstract class RestartingRules {
  @Test
  void theProcessIsLostTheHostIsSoundAndTheNextEpochStartsThere() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(5));
    var launch = job.lease().boundLaunch();
    var nextEpoch = job.nextEpoch();
    job.takes(Edge.RESTARTED_IN_PLACE, nextEpoch).recognises(nextEpoch);
    var lease = job.lease();
    assertThat(lease.epoch()).isEqualTo(2);
    assertThat(lease.state()).isEqualTo(JobState.STARTING);
    assertThat(lease.boundLaunch()).isEqualTo(launch.map(l -> l.inEpoch(2)));
    assertThat(lease.token()).contains(Walk.attemptToken(2, 1));
    assertThat(lease.run().resumedFrom()).contains(5L);
    assertThat(lease.run().beat()).isZero();
    assertThat(lease.dueAt()).isEmpty();
    assertThat(lease.deadline()).contains(job.now().plus(Walk.LEASE));
    assertThat(lease.journal().getLast().to()).isEqualTo(JobState.STARTING);
    assertThat(lease.journal().getLast().closed().orElseThrow().lastStep()).contains(7L);
    assertThat(job.effects())
        .containsExactly(
            new Effect.Announce("AttemptFenced"),
            new Effect.Announce("AttemptStarted"),
            new Effect.Watch());
  }

  @Test
  void theOldTokenIsDeadAndTheNewOneLives() {
    var job = Walk.running();
    var oldBeat = job.beat("running");
    job.takes(Edge.RESTARTED_IN_PLACE, job.nextEpoch());
    job.ignores(Why.FENCED, oldBeat);
    job.takes(Edge.PROGRAM_STARTED, job.beat("running"));
    job.takes(Edge.COMMITTED, job.commit(6));
  }

  @Test
  void anotherRequestWithTheOldTokenIsNotTakenForTheFirst() {
    var job = Walk.running();
    var first = (JobEvent.NextEpoch) job.nextEpoch();
    job.takes(Edge.RESTARTED_IN_PLACE, first);
    job.ignores(
        Why.FENCED,
        new JobEvent.NextEpoch(
            job.now(),
            1,
            first.token(),
            Walk.STRANGER,
            first.outcome(),
            first.detail(),
            first.firstStep(),
            first.lastStep()));
  }

  @Test
  void theNextEpochHasATokenOfItsOwn() {
    var job = Walk.running();
    job.ignores(Why.WRONG_TOKEN, job.nextEpoch(job.token(), Optional.of(1L)));
  }

  @Test
  void aNextEpochNeedsTheOwner() {
    var job = Walk.running();
    var next = job.nextEpoch();
    job.ignores(Why.WRONG_TOKEN, Retold.by(Walk.STRANGER, next));
    job.isLost().ignores(Why.FENCED, next);
    job.claimed().ignores(Why.FENCED, next);
    job.takes(Edge.CANCELLED, job.cancel()).ignores(Why.FENCED, next);
  }

  @Test
  void whileRestoringItMayBeRestartedToo() {
    var job = Walk.registered();
    var next = job.nextEpoch(Walk.attemptToken(2, 1), Optional.empty());
    job.takes(Edge.RESTARTED_IN_PLACE, next);
    assertThat(job.lease().counters().neverStarted()).isEqualTo(1);
    assertThat(job.lease().counters().noProgress()).isZero();
  }

  @Test
  void aProgramThatToldAStepHasStartedEvenWhenItsBeatCameNever() {
    var job = Walk.registered();
    job.takes(Edge.RESTARTED_IN_PLACE, job.nextEpoch());
    assertThat(job.lease().counters().neverStarted()).isZero();
    assertThat(job.lease().counters().noProgress()).isEqualTo(1);
  }

  @Test
  void anInstanceThatServedTwoEpochsIsReapedWhenTheSecondIsFenced() {
    var job = Walk.running();
    var label = job.lease().boundLaunch().orElseThrow().label();
    job.takes(Edge.RESTARTED_IN_PLACE, job.nextEpoch());
    job.takes(Edge.PROGRAM_STARTED, job.beat("running")).isLost();
    assertThat(job.effects()).contains(new Effect.Reap(label));
    assertThat(job.lease().journal().getLast().closed().orElseThrow().launch()).isPresent();
  }

  @Test
  void anAttemptReportsItsOwnLossAndTheNextEpochIsDue() {
    for (var outcome : Outcome.values()) {
      if (outcome == Outcome.SUCCEEDED || outcome == Outcome.FAILED) {
        continue;
      }
      var job = Walk.running();
      var exit = job.exit(outcome, Optional.empty(), "lost");
      job.takes(Edge.LOST, exit).recognises(exit);
      assertThat(job.lease().state()).isEqualTo(JobState.RECOVERING);
      assertThat(job.lease().epoch()).isEqualTo(2);
      assertThat(job.lease().journal().getLast().closed().orElseThrow().outcome())
          .isEqualTo(outcome);
      job.claimed().recognises(exit);
    }
  }
}
