package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Condemn: a damaged pointer is never resumed from, and never comes back. */
abstract class CondemningRules {
  private static final Optional<io.vaultlayer.core.lease.Pointer> NOTHING = Optional.empty();

  /** Commits of steps 100, 200 and 300, then the attempt was lost and the next one restores. */
  private static Walk restoring() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(100));
    job.takes(Edge.COMMITTED, job.commit(200));
    job.takes(Edge.COMMITTED, job.commit(300)).isLost().claimed();
    return job.takes(Edge.INTENDED, job.intend()).registers();
  }

  @Test
  void thePointerBecomesTheNewestEarlierCommitThatVerifies() {
    var job = restoring().later(Duration.ofSeconds(5));
    var damaged = Walk.checkpoint(1, 300);
    job.takes(Edge.CONDEMNED, job.condemn(damaged, Optional.of(Walk.checkpoint(1, 200))));
    assertThat(job.lease().pointer()).contains(Walk.checkpoint(1, 200));
    assertThat(job.lease().earlier()).containsExactly(Walk.checkpoint(1, 100));
    assertThat(job.lease().run().resumedFrom()).contains(200L);
    assertThat(job.lease().deadline()).contains(job.now().plus(Walk.LEASE));
    assertThat(job.lease().journal().getLast().condemned()).contains(damaged);
  }

  @Test
  void itMayStepOverOthersThatAreDamagedTooAndDownToNothing() {
    var job = restoring();
    var oldest = Walk.checkpoint(1, 100);
    job.takes(Edge.CONDEMNED, job.condemn(Walk.checkpoint(1, 300), Optional.of(oldest)));
    assertThat(job.lease().earlier()).isEmpty();
    job.takes(Edge.CONDEMNED, job.condemn(oldest, NOTHING));
    assertThat(job.lease().pointer()).isEmpty();
    assertThat(job.lease().run().resumedFrom()).isEmpty();
  }

  @Test
  void onlyThePointerThatTheCallerSawIsCondemned() {
    var job = restoring();
    job.ignores(Why.POINTER_MOVED, job.condemn(Walk.checkpoint(1, 200), NOTHING));
    var condemn = job.condemn(Walk.checkpoint(1, 300), NOTHING);
    job.takes(Edge.CONDEMNED, condemn).ignores(Why.POINTER_MOVED, condemn);
  }

  @Test
  void theReplacementIsACommitOfThisJob() {
    var job = restoring();
    var never = Optional.of(Walk.checkpoint(1, 250));
    job.ignores(Why.POINTER_MOVED, job.condemn(Walk.checkpoint(1, 300), never));
    var itself = Optional.of(Walk.checkpoint(1, 300));
    job.ignores(Why.POINTER_MOVED, job.condemn(Walk.checkpoint(1, 300), itself));
  }

  @Test
  void aCondemnNeedsTheCurrentEpochAndItsToken() {
    var job = restoring();
    var condemn = job.condemn(Walk.checkpoint(1, 300), NOTHING);
    job.ignores(Why.WRONG_TOKEN, Retold.by(Walk.STRANGER, condemn));
    job.ignores(Why.FENCED, Retold.inEpoch(1, condemn));
    job.isLost().ignores(Why.FENCED, condemn);
  }

  /**
   * Otherwise a commit of the same epoch, sent again late, would bring the condemned one back: its
   * step is greater than what the condemn left.
   */
  @Test
  void anAttemptCondemnsWhileItRestoresAndNeverItsOwnCommits() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(100));
    job.ignores(Why.WRONG_STATE, job.condemn(Walk.checkpoint(1, 100), NOTHING));
    job.takes(Edge.DRAINING, job.reclaim(Duration.ofMinutes(2)));
    job.ignores(Why.WRONG_STATE, job.condemn(Walk.checkpoint(1, 100), NOTHING));
  }

  @Test
  void aCondemnedCheckpointIsNotCommittedOrSalvagedAgain() {
    var job = restoring();
    var damaged = Walk.checkpoint(1, 300);
    job.takes(Edge.CONDEMNED, job.condemn(damaged, Optional.of(Walk.checkpoint(1, 200))));
    job.takes(Edge.PROGRAM_STARTED, job.beat("running"));
    job.ignores(Why.FENCED, job.commit(damaged));
    job.isLost().ignores(Why.STEP_NOT_NEWER, job.salvage(damaged));
    job.runsAgain().takes(Edge.COMMITTED, job.commit(250));
  }
}
