package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Fence: the epoch ends from outside, and nothing of it is accepted any more. */
abstract class FencingRules {
  @Test
  void aFenceOpensTheNextEpochWithNothingOfTheOld() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(100));
    var label = job.lease().launches().getFirst().label();
    job.later(Walk.LEASE).takes(Edge.FENCED, job.fence("f"));
    var lease = job.lease();
    assertThat(lease.epoch()).isEqualTo(2);
    assertThat(lease.state()).isEqualTo(JobState.RECOVERING);
    assertThat(lease.dueAt()).contains(job.now());
    assertThat(lease.token()).isEmpty();
    assertThat(lease.bound()).isEmpty();
    assertThat(lease.launches()).isEmpty();
    assertThat(lease.nextLaunch()).isEqualTo(1);
    assertThat(lease.closedBy()).contains("f");
    assertThat(lease.pointer()).contains(Walk.checkpoint(1, 100));
    assertThat(job.effects())
        .containsExactly(
            new Effect.Announce("AttemptFenced"),
            new Effect.Announce("ResumeRequested"),
            new Effect.Reap(label));
    var closed = lease.journal().getLast().closed().orElseThrow();
    assertThat(closed.epoch()).isEqualTo(1);
    assertThat(closed.outcome()).isEqualTo(Outcome.LOST);
    assertThat(closed.lastStep()).contains(100L);
    assertThat(closed.launch().orElseThrow().label()).isEqualTo(label);
  }

  @Test
  void aFenceNeedsTheEpochAndTheSequenceReadBeforeTheProviderWasAsked() {
    var job = Walk.running().later(Walk.LEASE);
    var stale = job.fence("stale");
    job.takes(Edge.BEAT, job.beat("running")).later(Walk.LEASE);
    job.ignores(Why.SEQUENCE_MOVED, stale);
    job.takes(Edge.FENCED, job.fence("f")).ignores(Why.EPOCH_MOVED, stale);
    job.runsAgain().ignores(Why.EPOCH_MOVED, stale);
  }

  @Test
  void aFenceTriedAgainIsRecognisedByItsId() {
    var job = Walk.running().later(Walk.LEASE);
    var fence = job.fence("f");
    job.takes(Edge.FENCED, fence).recognises(fence);
    job.claimed().recognises(fence);
    job.takes(Edge.INTENDED, job.intend()).recognises(fence);
    job.takes(Edge.LAUNCHED, job.launch()).registers().recognises(fence);
    job.takes(Edge.CANCELLED, job.cancel()).recognises(fence);
  }

  @Test
  void silenceMustHavePassedTheDeadline() {
    var job = Walk.running().later(Walk.LEASE.minusNanos(1));
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f"));
    job.later(Duration.ofNanos(1)).takes(Edge.FENCED, job.fence("f"));
  }

  @Test
  void silenceMustHavePassedTheStoredGraceToo() {
    var job = Walk.running().later(Walk.LEASE);
    job.takes(Edge.SUSPECTED, job.suspect());
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f"));
    job.later(Walk.LEASE.dividedBy(2)).takes(Edge.FENCED, job.fence("f"));
  }

  @Test
  void aConfirmedLossNeedsNoDeadlineButAnInstance() {
    var job = Walk.intended();
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f", FenceCause.CONFIRMED, true));
    job.takes(Edge.LAUNCHED, job.launch());
    job.takes(Edge.FENCED, job.fence("f", FenceCause.CONFIRMED, true));
  }

  @Test
  void aCopiedTokenNeedsABoundLaunch() {
    var job = Walk.launched();
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f", FenceCause.COPIED_TOKEN, false));
    job.registers().takes(Edge.FENCED, job.fence("f", FenceCause.COPIED_TOKEN, false));
  }

  @Test
  void aLaunchThatDoesNotRegisterInItsTimeIsFenced() {
    var job = Walk.launched();
    job.ignores(Why.DEADLINE_NOT_PASSED, job.fence("f"));
    job.later(Walk.LAUNCH_LIMIT).takes(Edge.FENCED, job.fence("f"));
    assertThat(job.lease().counters().neverStarted()).isEqualTo(1);
  }

  @Test
  void nothingIsFencedWhereNoAttemptIsAndNothingAfterTheEnd() {
    var queued = Walk.queued();
    queued.ignores(Why.EPOCH_MOVED, queued.fence("f"));
    var placing = Walk.placing().later(Duration.ofDays(1));
    placing.ignores(Why.DEADLINE_NOT_PASSED, placing.fence("f"));
    placing.ignores(Why.DEADLINE_NOT_PASSED, placing.fence("f", FenceCause.DRAIN_OVER, true));
    for (var how : new Edge[] {Edge.SUCCEEDED, Edge.FAILED, Edge.CANCELLED, Edge.STOPPED}) {
      var job = Walk.ended(how).later(Duration.ofDays(1));
      job.ignores(Why.JOB_ENDED, job.fence("f"));
    }
  }
}
