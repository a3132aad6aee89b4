package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Heartbeat, suspect, extend. */
abstract class BeatingRules {
  @Test
  void aProgramThatIsAlreadySavingOrFinishingWasStarted() {
    for (var phase : List.of("saving", "finishing")) {
      var job = Walk.registered();
      job.takes(Edge.PROGRAM_STARTED, job.beat(phase));
      job.takes(Edge.COMMITTED, job.commit(7));
    }
  }

  @Test
  void beatsSayWhichPhaseOfBootingItIsInUntilTheProgramRuns() {
    var job = Walk.registered();
    job.takes(Edge.BOOT_BEAT, job.beat("restoring"));
    assertThat(job.lease().run().phase()).isEqualTo("restoring");
    assertThat(job.lease().run().programStarted()).isFalse();
    job.takes(Edge.PROGRAM_STARTED, job.beat("running"));
    assertThat(job.lease().run().programStarted()).isTrue();
    job.takes(Edge.BEAT, job.beat("running"));
    assertThat(job.lease().state()).isEqualTo(JobState.RUNNING);
  }

  @Test
  void everyAcceptedBeatExtendsTheLease() {
    var job = Walk.running().later(Duration.ofSeconds(10));
    job.takes(Edge.BEAT, job.beat("running"));
    assertThat(job.lease().deadline()).contains(job.now().plus(Walk.LEASE));
    assertThat(job.lease().run().lastBeatAt()).contains(job.now());
  }

  @Test
  void aBeatNeedsTheCurrentEpochAndItsToken() {
    var job = Walk.running();
    var beat = job.beat("running");
    job.ignores(Why.WRONG_TOKEN, Retold.by(Walk.STRANGER, beat));
    job.ignores(Why.FENCED, Retold.inEpoch(2, beat));
    job.isLost().ignores(Why.FENCED, beat);
    job.claimed().ignores(Why.FENCED, beat);
    job.takes(Edge.CANCELLED, job.cancel()).ignores(Why.FENCED, beat);
  }

  @Test
  void anOlderBeatChangesNothingAndTheSameOneIsRecognised() {
    var job = Walk.running();
    var first = job.beat("running");
    job.takes(Edge.BEAT, first).recognises(first);
    job.takes(Edge.BEAT, job.beat("running")).ignores(Why.BEAT_NOT_NEWER, first);
  }

  @Test
  void whatTheProgramTellsIsKeptAndALossThatIsNoNumberIsNot() {
    var job = Walk.running();
    job.takes(Edge.BEAT, job.beat("running", 2, Optional.of(12L), Optional.of(0.5)));
    job.takes(Edge.BEAT, job.beat("running", 3, Optional.of(13L), Optional.of(Double.NaN)));
    assertThat(job.lease().run().loss()).contains(0.5);
    assertThat(job.lease().run().firstStep()).contains(12L);
    assertThat(job.lease().run().step()).contains(13L);
  }

  @Test
  void silenceIsFirstASuspicionThatIsNeverRestarted() {
    var job = Walk.running().later(Walk.LEASE);
    job.takes(Edge.SUSPECTED, job.suspect());
    var grace = job.lease().graceEnd();
    job.later(Duration.ofSeconds(1)).ignores(Why.GRACE_RUNNING, job.suspect());
    assertThat(job.lease().graceEnd()).isEqualTo(grace);
  }

  @Test
  void aBeatWithdrawsTheSuspicion() {
    var job = Walk.running().later(Walk.LEASE);
    job.takes(Edge.SUSPECTED, job.suspect());
    job.takes(Edge.BEAT, job.beat("running"));
    assertThat(job.lease().graceEnd()).isEmpty();
    job.ignores(Why.DEADLINE_NOT_PASSED, job.suspect());
    job.later(Walk.LEASE).takes(Edge.SUSPECTED, job.suspect());
  }

  @Test
  void suspectAndExtendNeedTheEpochAndTheSequenceThatTheySaw() {
    var job = Walk.running().later(Walk.LEASE);
    var suspicion = job.suspect();
    var extension = job.extend(Walk.LEASE);
    job.takes(Edge.BEAT, job.beat("running"));
    job.ignores(Why.SEQUENCE_MOVED, suspicion);
    job.ignores(Why.SEQUENCE_MOVED, extension);
    job.isLost().ignores(Why.WRONG_STATE, suspicion);
    job.runsAgain().ignores(Why.EPOCH_MOVED, suspicion);
    job.ignores(Why.EPOCH_MOVED, extension);
  }

  @Test
  void whenTheFaultIsOursTheDeadlineMovesAndTheGraceStays() {
    var job = Walk.running().later(Walk.LEASE);
    job.takes(Edge.SUSPECTED, job.suspect());
    var grace = job.lease().graceEnd();
    job.takes(Edge.EXTENDED, job.extend(Walk.LEASE));
    assertThat(job.lease().deadline()).contains(job.now().plus(Walk.LEASE));
    assertThat(job.lease().graceEnd()).isEqualTo(grace);
  }

  @Test
  void onlyAnAttemptIsSuspectedOrExtended() {
    var placing = Walk.placing();
    placing.ignores(Why.WRONG_STATE, placing.suspect());
    placing.ignores(Why.WRONG_STATE, placing.extend(Walk.LEASE));
    placing.ignores(Why.WRONG_STATE, placing.prepareSuccessor());
    var over = Walk.ended(Edge.CANCELLED);
    over.ignores(Why.JOB_ENDED, over.suspect());
    over.ignores(Why.JOB_ENDED, over.extend(Walk.LEASE));
  }
}
