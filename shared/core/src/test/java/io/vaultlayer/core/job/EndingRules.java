package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Exit, cancel, stop, and settling what the end owes. */
abstract class EndingRules {
  @Test
  void aProgramThatEndedByItselfSucceedsTheJob() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(9));
    var label = job.lease().boundLaunch().orElseThrow().label();
    var exit = job.succeed();
    job.takes(Edge.SUCCEEDED, exit).recognises(exit);
    assertThat(job.lease().exitCode()).contains(0);
    assertThat(job.lease().reason()).isEmpty();
    assertThat(job.lease().token()).isEmpty();
    assertThat(job.lease().endedAt()).contains(job.now());
    assertThat(job.lease().pointer()).contains(Walk.checkpoint(1, 9));
    assertThat(job.effects())
        .containsExactly(
            new Effect.Announce("JobSucceeded"), new Effect.Reap(label), new Effect.Settle());
  }

  @Test
  void theUsersOwnFailureEndsTheJobAndIsNotRetried() {
    for (var job : new Walk[] {Walk.registered(), Walk.running(), Walk.saving()}) {
      job.takes(Edge.FAILED, job.fail());
      assertThat(job.lease().reason()).contains("user_program_failed");
      assertThat(job.lease().exitCode()).contains(3);
      assertThat(job.lease().epoch()).isEqualTo(1);
    }
  }

  @Test
  void anExitNeedsTheOwner() {
    var job = Walk.running();
    var exit = job.fail();
    job.ignores(Why.WRONG_TOKEN, Retold.by(Walk.STRANGER, exit));
    job.isLost().ignores(Why.FENCED, exit);
    job.runsAgain().ignores(Why.FENCED, exit);
    job.takes(Edge.SUCCEEDED, job.succeed()).ignores(Why.FENCED, exit);
  }

  @Test
  void cancelAndStopWinInEveryStateThatIsNotFinal() {
    var walks =
        new Walk[] {
          Walk.submitted(),
          Walk.queued(),
          Walk.placing(),
          Walk.launched(),
          Walk.registered(),
          Walk.running(),
          Walk.saving(),
          Walk.running().isLost()
        };
    for (var job : walks) {
      var cancel = job.cancel();
      job.takes(Edge.CANCELLED, cancel).ignores(Why.JOB_ENDED, cancel);
      assertThat(job.lease().reason()).contains("cancelled");
    }
    for (var job :
        new Walk[] {
          Walk.queued(), Walk.placing(), Walk.launched(), Walk.running(), Walk.saving()
        }) {
      var stop = job.stop();
      job.takes(Edge.STOPPED, stop).ignores(Why.JOB_ENDED, stop);
      assertThat(job.lease().reason()).contains("budget");
    }
  }

  @Test
  void anEndedJobIsNotCancelledAgain() {
    for (var how : new Edge[] {Edge.SUCCEEDED, Edge.FAILED, Edge.CANCELLED, Edge.STOPPED}) {
      var job = Walk.ended(how).later(Duration.ofSeconds(1));
      job.ignores(Why.JOB_ENDED, job.cancel());
      job.ignores(Why.JOB_ENDED, job.stop());
    }
  }

  @Test
  void cancelClosesTheAttemptAndOwesItsInstanceATerminate() {
    var job = Walk.running();
    var label = job.lease().boundLaunch().orElseThrow().label();
    job.takes(Edge.CANCELLED, job.cancel());
    assertThat(job.lease().journal().getLast().closed().orElseThrow().outcome())
        .isEqualTo(Outcome.CANCELLED);
    assertThat(job.effects())
        .containsExactly(
            new Effect.Announce("JobCancelled"), new Effect.Reap(label), new Effect.Settle());
    var idle = Walk.queued();
    idle.takes(Edge.CANCELLED, idle.cancel());
    assertThat(idle.lease().journal().getLast().closed()).isEmpty();
  }

  @Test
  void anEndedJobIsDueUntilItsProjectionsAreStored() {
    var job = Walk.ended(Edge.SUCCEEDED);
    assertThat(job.lease().dueAt()).isPresent();
    job.takes(Edge.SETTLED, job.settle());
    assertThat(job.lease().dueAt()).isEmpty();
    assertThat(job.lease().journal()).isEmpty();
    job.ignores(Why.NOTHING_TO_SETTLE, job.settle());
  }

  /** The settler read the job before its end: what came between is still owed. */
  @Test
  void settlingAnOlderPartDoesNotForgetTheEnd() {
    var job = Walk.running();
    var settle = job.settle();
    job.takes(Edge.CANCELLED, job.cancel()).takes(Edge.SETTLED, settle);
    assertThat(job.lease().journal()).extracting(e -> e.edge()).containsExactly(Edge.CANCELLED);
    assertThat(job.lease().dueAt()).isPresent();
    job.ignores(Why.NOTHING_TO_SETTLE, settle);
    job.takes(Edge.SETTLED, job.settle());
    assertThat(job.lease().dueAt()).isEmpty();
  }

  @Test
  void settlingALiveJobEmptiesItsJournalAndNothingElse() {
    for (var job :
        new Walk[] {
          Walk.queued(),
          Walk.placing(),
          Walk.launched(),
          Walk.running(),
          Walk.saving(),
          Walk.running().isLost()
        }) {
      var before = job.lease();
      job.takes(Edge.SETTLED, job.settle());
      assertThat(job.lease().journal()).isEmpty();
      assertThat(job.lease().state()).isEqualTo(before.state());
      assertThat(job.lease().dueAt()).isEqualTo(before.dueAt());
      assertThat(job.lease().deadline()).isEqualTo(before.deadline());
      job.ignores(Why.NOTHING_TO_SETTLE, job.settle());
    }
  }

  @Test
  void aJournalThatNobodySettlesStaysSmall() {
    var job = Walk.running();
    for (long step = 1; step <= 100; step++) {
      job.takes(Edge.COMMITTED, job.commit(step));
    }
    assertThat(job.lease().journal()).hasSize(32);
    assertThat(job.lease().journal().getLast().committed().map(p -> p.step()))
        .isEqualTo(Optional.of(100L));
  }
}
