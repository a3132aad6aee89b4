package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.Counters;
import org.junit.jupiter.api.Test;

/** Resume: an ended job goes on under its id, in a new epoch, from its last checkpoint. */
abstract class ResumingRules {
  @Test
  void everyEndButSuccessCanBeResumed() {
    for (var how : new Edge[] {Edge.FAILED, Edge.CANCELLED, Edge.STOPPED}) {
      var job = Walk.ended(how);
      job.takes(Edge.RESUMED, job.resume());
      assertThat(job.lease().state()).isEqualTo(JobState.QUEUED);
      assertThat(job.lease().epoch()).isEqualTo(2);
      assertThat(job.lease().dueAt()).contains(job.now());
      assertThat(job.lease().reason()).isEmpty();
      assertThat(job.lease().detail()).isEmpty();
      assertThat(job.lease().exitCode()).isEmpty();
      assertThat(job.lease().endedAt()).isEmpty();
      assertThat(job.effects()).containsExactly(new Effect.Announce("ProvisionRequested"));
    }
    var done = Walk.ended(Edge.SUCCEEDED);
    done.ignores(Why.JOB_SUCCEEDED, done.resume());
  }

  @Test
  void theCallerMustHaveSeenTheCurrentEpoch() {
    var job = Walk.ended(Edge.FAILED);
    job.ignores(Why.EPOCH_MOVED, new JobEvent.Resume(job.now(), 2));
    var resume = job.resume();
    job.takes(Edge.RESUMED, resume).ignores(Why.JOB_NOT_ENDED, resume);
    job.takes(Edge.CANCELLED, job.cancel()).ignores(Why.EPOCH_MOVED, resume);
  }

  @Test
  void whatHasNotEndedIsNotResumed() {
    for (var job :
        new Walk[] {
          Walk.queued(), Walk.placing(), Walk.launched(), Walk.running(), Walk.saving()
        }) {
      job.ignores(Why.JOB_NOT_ENDED, job.resume());
    }
  }

  @Test
  void aJobWhoseWorkDirectoryNeverArrivedHasNothingToResume() {
    var job = Walk.submitted();
    job.takes(Edge.CANCELLED, job.cancel()).ignores(Why.NOT_ARMED, job.resume());
  }

  @Test
  void theCheckpointIsKeptAndTheCountersStartAnew() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(40)).isLost().runsAgain().isLost().runsAgain();
    job.takes(Edge.FAILED, job.fail()).takes(Edge.RESUMED, job.resume());
    assertThat(job.lease().counters()).isEqualTo(Counters.ZERO);
    job.runsAgain();
    assertThat(job.lease().run().resumedFrom()).contains(40L);
    assertThat(job.lease().epoch()).isEqualTo(4);
  }

  @Test
  void whatTheLastAttemptLeftCompleteIsSalvagedAfterAResume() {
    var job = Walk.ended(Edge.CANCELLED);
    job.takes(Edge.RESUMED, job.resume());
    job.takes(Edge.SALVAGED, job.salvage(Walk.checkpoint(1, 12))).runsAgain();
    assertThat(job.lease().run().resumedFrom()).contains(12L);
  }

  @Test
  void nobodyOfTheOldEpochComesBackWithIt() {
    var job = Walk.running();
    var commit = job.commit(3);
    var register = job.register(1, 1);
    job.takes(Edge.CANCELLED, job.cancel()).takes(Edge.RESUMED, job.resume());
    job.ignores(Why.FENCED, commit);
    job.runsAgain().ignores(Why.FENCED, commit).ignores(Why.FENCED, register);
  }
}
