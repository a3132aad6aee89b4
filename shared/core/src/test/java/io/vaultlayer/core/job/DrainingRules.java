package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.Policy;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Reclaim, drain, and the successor that takes over. */
abstract class DrainingRules {
  private static final Duration NOTICE = Duration.ofMinutes(2);

  private static Walk succeeding() {
    var job = Walk.saving();
    return job.takes(Edge.SUCCESSOR_DECLARED, job.prepareSuccessor());
  }

  @Test
  void aNoticeTurnsRunningIntoSavingAndStoresTheEndOfTheDrain() {
    var job = Walk.running().later(Duration.ofSeconds(5));
    var reclaim = job.reclaim(NOTICE);
    job.takes(Edge.DRAINING, reclaim);
    assertThat(job.lease().drainEnd()).contains(job.now().plus(NOTICE));
    assertThat(job.lease().deadline()).contains(job.now().plus(Walk.LEASE));
    job.recognises(reclaim);
    job.takes(Edge.BEAT, job.beat("running"));
    assertThat(job.lease().state()).isEqualTo(JobState.SAVING);
  }

  @Test
  void aNoticeNeedsTheOwnerAndARunningProgram() {
    var job = Walk.running();
    var reclaim = job.reclaim(NOTICE);
    job.ignores(Why.WRONG_TOKEN, Retold.by(Walk.STRANGER, reclaim));
    job.isLost().ignores(Why.FENCED, reclaim);
    var booting = Walk.registered();
    booting.ignores(Why.WRONG_STATE, booting.reclaim(NOTICE));
  }

  @Test
  void theDrainEndsAtItsTime() {
    var job = Walk.saving();
    var over = job.now().plus(NOTICE);
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f", FenceCause.DRAIN_OVER, true));
    job.later(NOTICE);
    assertThat(job.now()).isEqualTo(over);
    job.takes(Edge.FENCED, job.fence("f", FenceCause.DRAIN_OVER, true));
    assertThat(job.lease().drainEnd()).isEmpty();
  }

  @Test
  void aNoticeAsksForASuccessorAtOnce() {
    var job = Walk.running().later(Duration.ofSeconds(5));
    job.takes(Edge.DRAINING, job.reclaim(NOTICE));
    assertThat(job.effects()).containsExactly(new Effect.Announce("ProvisionRequested"));
    assertThat(job.lease().dueAt()).contains(job.now());
  }

  @Test
  void nobodyIsAskedForWhereNobodyMayTakeOver() {
    for (var policy :
        new Policy[] {
          new Policy(false, 0, Optional.empty()), new Policy(true, 1, Optional.empty())
        }) {
      var job = Walk.running(policy);
      job.takes(Edge.DRAINING, job.reclaim(NOTICE));
      assertThat(job.effects()).isEmpty();
      assertThat(job.lease().dueAt()).isEmpty();
      assertThat(job.lease().journal().getLast().reason()).contains("no successor: ");
      job.ignores(Why.SUCCESSOR_FORBIDDEN, job.prepareSuccessor());
      job.ignores(Why.NOT_DUE, job.noPlace());
    }
  }

  @Test
  void aSuccessorThatCameToNothingIsClosedAndAnotherDeclaredAFewTimes() {
    var job = Walk.saving();
    for (int n = 2; n < 2 + JobMachine.MOST_SUCCESSORS; n++) {
      job.takes(Edge.SUCCESSOR_DECLARED, job.prepareSuccessor());
      assertThat(job.lease().dueAt()).isPresent();
      job.ignores(Why.LAUNCH_OPEN, job.noPlace());
      job.ignores(Why.LAUNCH_UNKNOWN, job.unplaced("provisioner-1", Optional.of(9)));
      job.takes(Edge.SUCCESSOR_CLOSED, job.madeNothing());
      assertThat(job.effects())
          .containsExactly(new Effect.Reap(Walk.launchRecord(2, n, job.now()).label()));
      job.ignores(Why.LAUNCH_UNKNOWN, job.madeNothing());
      job.ignores(Why.FENCED, job.register(2, n));
    }
    assertThat(job.lease().dueAt()).isEmpty();
    job.ignores(Why.SUCCESSOR_FORBIDDEN, job.prepareSuccessor());
    job.later(NOTICE).takes(Edge.FENCED, job.fence("f", FenceCause.DRAIN_OVER, true));
    assertThat(job.lease().state()).isEqualTo(JobState.RECOVERING);
    assertThat(job.lease().nextLaunch())
        .as("the next epoch's first launch gets a label that no successor had")
        .isEqualTo(2 + JobMachine.MOST_SUCCESSORS);
  }

  /** The item of a label that was used refuses the intent, and the job would never be placed. */
  @Test
  void aLabelThatASuccessorUsedIsNeverUsedAgain() {
    var lost = succeeding();
    lost.takes(Edge.SUCCESSOR_CLOSED, lost.madeNothing()).isLost();
    assertThat(lost.lease().nextLaunch()).isEqualTo(3);
    var cancelled = succeeding();
    cancelled.takes(Edge.CANCELLED, cancelled.cancel());
    cancelled.takes(Edge.RESUMED, cancelled.resume());
    assertThat(cancelled.lease().nextLaunch()).isEqualTo(3);
    var alone = Walk.saving().isLost();
    assertThat(alone.lease().nextLaunch()).isEqualTo(1);
  }

  @Test
  void aDrainWithoutAPlaceForItsSuccessorLooksAgain() {
    var job = Walk.saving();
    job.takes(Edge.NO_SUCCESSOR, job.noPlace());
    assertThat(job.lease().state()).isEqualTo(JobState.SAVING);
    assertThat(job.lease().dueAt()).contains(job.now().plusSeconds(30));
    job.ignores(Why.NOT_DUE, job.noPlace());
    job.later(Duration.ofSeconds(30)).takes(Edge.SUCCESSOR_DECLARED, job.prepareSuccessor());
    job.ignores(
        Why.EPOCH_MOVED,
        new JobEvent.Unplaced(job.now(), 2, "p", Optional.of(2), job.now(), "not there"));
  }

  @Test
  void aSuccessorIsDeclaredOnceAndOnlyBesideADrain() {
    var running = Walk.running();
    running.ignores(Why.WRONG_STATE, running.prepareSuccessor());
    var job = Walk.saving();
    job.ignores(
        Why.EPOCH_MOVED, new JobEvent.PrepareSuccessor(job.now(), 2, job.nextLaunch(2), job.now()));
    job.ignores(Why.LAUNCH_UNKNOWN, job.prepareSuccessor(job.nextLaunch(1)));
    job.ignores(Why.LAUNCH_UNKNOWN, job.prepareSuccessor(Walk.launchRecord(2, 7, job.now())));
    var declared = job.prepareSuccessor();
    job.takes(Edge.SUCCESSOR_DECLARED, declared).recognises(declared);
    job.ignores(Why.SUCCESSOR_DECLARED, job.prepareSuccessor());
    var over = Walk.ended(Edge.STOPPED);
    over.ignores(Why.JOB_ENDED, over.prepareSuccessor());
  }

  @Test
  void theSuccessorWaitsUntilTheFenceAndThenTakesThePointerOfItsRegister() {
    var job = succeeding();
    job.takes(Edge.LAUNCHED, job.launch(2, 2)).recognises(job.launch(2, 2));
    assertThat(job.lease().state()).isEqualTo(JobState.SAVING);
    var register = job.register(2, 2);
    job.ignores(Why.NOT_YET, register);
    job.ignores(Why.WRONG_BOOTSTRAP, job.register(2, 2, Walk.STRANGER, Walk.attemptToken(2, 2)));
    job.ignores(Why.FENCED, job.register(2, 3));
    job.takes(Edge.COMMITTED, job.commit(70)).later(NOTICE);
    job.takes(Edge.FENCED, job.fence("f", FenceCause.DRAIN_OVER, true));
    assertThat(job.lease().state()).isEqualTo(JobState.STARTING);
    assertThat(job.effects())
        .contains(new Effect.Reap(Walk.launchRecord(1, 1, job.now()).label()))
        .doesNotContain(new Effect.Reap(Walk.launchRecord(2, 2, job.now()).label()));
    job.takes(Edge.REGISTERED, register);
    assertThat(job.lease().run().resumedFrom()).contains(70L);
    assertThat(job.lease().nextLaunch()).isEqualTo(3);
  }

  @Test
  void aSuccessorWhoseCreateIsNotAnsweredIsResolvedByTheNextProvisioner() {
    var job = succeeding();
    job.takes(Edge.LOST, job.exit(Outcome.RECLAIMED, Optional.empty(), "reclaimed"));
    assertThat(job.lease().state()).isEqualTo(JobState.PLACING);
    assertThat(job.lease().dueAt()).contains(job.now());
    job.takes(Edge.CLAIM_TAKEN_OVER, job.claim("provisioner-2"));
    job.ignores(Why.LAUNCH_OPEN, job.intend("provisioner-2", job.nextLaunch(2)));
    job.takes(Edge.LAUNCH_CLOSED, job.unplaced("provisioner-2", Optional.of(2)));
  }

  @Test
  void aSuccessorMayRegisterAfterTheFenceBeforeItsCreateWasAnswered() {
    var job = succeeding();
    job.takes(Edge.LOST, job.exit(Outcome.RECLAIMED, Optional.empty(), "reclaimed"));
    job.takes(Edge.REGISTERED, job.register(2, 2)).recognises(job.launch(2, 2));
  }

  @Test
  void aJobThatEndsOwesBothInstancesATerminate() {
    var job = succeeding();
    job.takes(Edge.LAUNCHED, job.launch(2, 2));
    job.takes(Edge.SUCCEEDED, job.succeed());
    assertThat(job.effects())
        .contains(
            new Effect.Reap(Walk.launchRecord(1, 1, job.now()).label()),
            new Effect.Reap(Walk.launchRecord(2, 2, job.now()).label()));
    job.ignores(Why.FENCED, job.register(2, 2));
  }

  @Test
  void aDrainingHostRestartsNothingInPlace() {
    var job = succeeding();
    job.ignores(Why.WRONG_STATE, job.nextEpoch());
    assertThat(job.lease().successor()).isPresent();
  }

  @Test
  void whatCannotHappenWhileDrainingIsRefused() {
    var job = Walk.saving();
    job.ignores(Why.LAUNCH_BOUND, job.madeNothing());
    job.later(Walk.LEASE).takes(Edge.SUSPECTED, job.suspect());
    job.takes(Edge.EXTENDED, job.extend(Walk.LEASE));
    job.takes(Edge.FAILED, job.fail());
  }
}
