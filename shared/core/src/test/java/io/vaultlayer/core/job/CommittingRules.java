package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.Lease;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Commit, salvage, and the attempt that did not resume. */
abstract class CommittingRules {
  @Test
  void aCommitMovesThePointerAndKeepsTheOneBefore() {
    var job = Walk.running().later(Duration.ofSeconds(5));
    job.takes(Edge.COMMITTED, job.commit(100));
    job.takes(Edge.COMMITTED, job.commit(200));
    assertThat(job.lease().pointer()).contains(Walk.checkpoint(1, 200));
    assertThat(job.lease().earlier()).containsExactly(Walk.checkpoint(1, 100));
    assertThat(job.lease().deadline()).contains(job.now().plus(Walk.LEASE));
    assertThat(job.effects()).containsExactly(new Effect.Announce("CheckpointCommitted"));
    assertThat(job.lease().journal().getLast().committed()).contains(Walk.checkpoint(1, 200));
  }

  @Test
  void theFirstCheckpointMayBeOfStepZero() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(0));
    job.ignores(Why.STEP_NOT_NEWER, job.commit(other(0)));
  }

  @Test
  void aCommitNeedsTheCurrentEpochAndItsToken() {
    var job = Walk.running();
    var commit = job.commit(100);
    job.ignores(Why.WRONG_TOKEN, Retold.by(Walk.STRANGER, commit));
    job.ignores(Why.FENCED, Retold.inEpoch(2, commit));
    job.ignores(Why.FENCED, job.commit(Walk.checkpoint(2, 100)));
    job.isLost().ignores(Why.FENCED, commit);
    job.runsAgain().ignores(Why.FENCED, commit);
    job.takes(Edge.SUCCEEDED, job.succeed()).ignores(Why.FENCED, commit);
  }

  @Test
  void aCommitIsForRunningOrSaving() {
    var booting = Walk.registered();
    booting.ignores(Why.WRONG_STATE, booting.commit(1));
    var saving = Walk.saving();
    saving.takes(Edge.COMMITTED, saving.commit(1));
  }

  @Test
  void aCommitTriedAgainIsRecognisedEvenAfterLaterOnes() {
    var job = Walk.running();
    var first = job.commit(1);
    job.takes(Edge.COMMITTED, first).recognises(first);
    job.takes(Edge.COMMITTED, job.commit(2)).recognises(first);
  }

  @Test
  void theStepMustBeGreaterThanTheCommittedOne() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(100));
    job.ignores(Why.STEP_NOT_NEWER, job.commit(99));
    job.ignores(Why.STEP_NOT_NEWER, job.commit(other(100)));
    assertThat(job.lease().run().didNotResume()).isFalse();
  }

  @Test
  void onlyAFewEarlierCommitsStandInTheItem() {
    var job = Walk.running();
    for (long step = 1; step <= 20; step++) {
      job.takes(Edge.COMMITTED, job.commit(step));
    }
    assertThat(job.lease().earlier()).hasSize(Lease.MOST_EARLIER);
    assertThat(job.lease().earlier().getFirst().step()).isEqualTo(19);
    job.ignores(Why.STEP_NOT_NEWER, job.commit(1));
  }

  @Test
  void anAttemptThatSavesBehindItsPointerDidNotResumeAndIsToldOnce() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(800)).isLost().runsAgain();
    var behind = job.commit(100);
    job.takes(Edge.DID_NOT_RESUME, behind);
    assertThat(job.lease().run().didNotResume()).isTrue();
    assertThat(job.lease().pointer()).contains(Walk.checkpoint(1, 800));
    job.ignores(Why.STEP_NOT_NEWER, behind);
    job.takes(Edge.COMMITTED, job.commit(900));
  }

  @Test
  void aNewStepForgivesTheAttemptsWithoutOne() {
    var job = Walk.running().isLost().runsAgain().isLost().runsAgain();
    assertThat(job.lease().counters().noProgress()).isEqualTo(2);
    job.takes(Edge.COMMITTED, job.commit(1));
    assertThat(job.lease().counters().noProgress()).isZero();
    job.isLost();
    assertThat(job.lease().counters().noProgress()).isZero();
  }

  @Test
  void whatSharesFilesIsTakenOnlyWhileThePointerThatItSharesWithStands() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(100)).takes(Edge.COMMITTED, job.commit(200));
    var old = Optional.of(Walk.checkpoint(1, 100));
    var present = Optional.of(Walk.checkpoint(1, 200));
    var own = (JobEvent.Commit) job.commit(300);
    job.ignores(
        Why.POINTER_MOVED,
        new JobEvent.Commit(own.now(), own.epoch(), own.token(), own.pointer(), old));
    job.isLost();
    var left = Walk.checkpoint(1, 300);
    job.ignores(Why.POINTER_MOVED, new JobEvent.Salvage(job.now(), 2, left, old));
    job.takes(Edge.SALVAGED, new JobEvent.Salvage(job.now(), 2, left, present));
  }

  @Test
  void aCompleteCheckpointOfTheClosedEpochIsSalvaged() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(100)).isLost();
    var left = Walk.checkpoint(1, 150);
    job.ignores(Why.EPOCH_MOVED, new JobEvent.Salvage(job.now(), 1, Walk.checkpoint(1, 150)));
    job.takes(Edge.SALVAGED, job.salvage(left)).recognises(job.salvage(left));
    job.ignores(Why.STEP_NOT_NEWER, job.salvage(Walk.checkpoint(1, 120)));
    job.ignores(Why.STEP_NOT_NEWER, job.salvage(Walk.checkpoint(2, 160)));
    assertThat(job.lease().earlier()).containsExactly(Walk.checkpoint(1, 100));
  }

  @Test
  void salvageIsPossibleUntilALaunchIsBound() {
    var job = Walk.running().isLost();
    var first = Walk.checkpoint(1, 10);
    job.takes(Edge.SALVAGED, job.salvage(first)).claimed();
    job.takes(Edge.SALVAGED, job.salvage(Walk.checkpoint(1, 20)));
    job.takes(Edge.INTENDED, job.intend()).takes(Edge.LAUNCHED, job.launch());
    job.takes(Edge.SALVAGED, job.salvage(Walk.checkpoint(1, 30))).registers();
    assertThat(job.lease().run().resumedFrom()).contains(30L);
    job.ignores(Why.LAUNCH_BOUND, job.salvage(Walk.checkpoint(1, 40)));
    job.takes(Edge.PROGRAM_STARTED, job.beat("running"));
    job.ignores(Why.LAUNCH_BOUND, job.salvage(Walk.checkpoint(1, 40)));
    job.takes(Edge.DRAINING, job.reclaim(Duration.ofMinutes(2)));
    job.ignores(Why.LAUNCH_BOUND, job.salvage(Walk.checkpoint(1, 40)));
    job.takes(Edge.CANCELLED, job.cancel());
    job.ignores(Why.JOB_ENDED, job.salvage(Walk.checkpoint(1, 40)));
  }

  @Test
  void aSalvagedStepIsProgress() {
    var job = Walk.running().isLost().runsAgain().isLost();
    assertThat(job.lease().counters().noProgress()).isEqualTo(2);
    job.takes(Edge.SALVAGED, job.salvage(Walk.checkpoint(2, 10)));
    assertThat(job.lease().counters().noProgress()).isZero();
    assertThat(job.lease().counters().attempts()).isEqualTo(2);
  }

  /** Another checkpoint of the same step. */
  private static io.vaultlayer.core.lease.Pointer other(long step) {
    var one = Walk.checkpoint(1, step);
    return new io.vaultlayer.core.lease.Pointer(
        step, 1, one.manifestKey(), "another-digest", 1, 1, one.committedAt());
  }

  @Test
  void theLossAndStepsOfACommitAreShown() {
    var job = Walk.running();
    job.takes(Edge.BEAT, job.beat("running", 2, Optional.of(90L), Optional.empty()));
    job.takes(Edge.COMMITTED, job.commit(100));
    assertThat(job.lease().run().step()).contains(100L);
  }
}
