package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.Policy;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When a lost attempt is the last one. */
abstract class GivingUpRules {
  private static final Policy SINGLE = new Policy(false, 0, Optional.empty());
  private static final Policy TWICE = new Policy(true, 2, Optional.empty());

  private static void failedFor(String reason, Walk job) {
    assertThat(job.lease().state()).isEqualTo(JobState.FAILED);
    assertThat(job.lease().reason()).contains(reason);
    assertThat(job.lease().epoch()).as("no new epoch is opened").isLessThanOrEqualTo(10);
    assertThat(job.lease().journal().getLast().closed()).isPresent();
    assertThat(job.effects()).contains(new Effect.Announce("JobFailed"), new Effect.Settle());
  }

  @Test
  void withoutFailoverTheOnlyAttemptIsTheLast() {
    var job = Walk.running(SINGLE).later(Walk.LEASE);
    var fence = job.fence("f");
    job.takes(Edge.FENCED_NO_FAILOVER, fence);
    failedFor("single_attempt_lost", job);
    assertThat(job.lease().epoch()).isEqualTo(1);
    job.recognises(fence);
  }

  @Test
  void withoutFailoverItsOwnReportEndsTheJobToo() {
    var job = Walk.running(SINGLE);
    var exit = job.loses();
    job.takes(Edge.ENDED_NO_FAILOVER, exit);
    failedFor("single_attempt_lost", job);
    job.recognises(exit);
    var other = Walk.running(SINGLE);
    var next = other.nextEpoch();
    other.takes(Edge.ENDED_NO_FAILOVER, next).recognises(next);
  }

  @Test
  void theAttemptsThatWereAllowedAreUsedUp() {
    var job = Walk.running(TWICE);
    job.takes(Edge.COMMITTED, job.commit(1)).isLost().runsAgain();
    job.takes(Edge.COMMITTED, job.commit(2)).later(Walk.LEASE);
    job.takes(Edge.FENCED_MAX_ATTEMPTS, job.fence("f"));
    failedFor("max_attempts", job);
  }

  @Test
  void theAttemptsThatWereAllowedAreUsedUpByTheirOwnReport() {
    var job = Walk.running(TWICE).isLost().runsAgain();
    job.takes(Edge.ENDED_MAX_ATTEMPTS, job.loses());
    failedFor("max_attempts", job);
    var other = Walk.running(TWICE).isLost().runsAgain();
    other.takes(Edge.ENDED_MAX_ATTEMPTS, other.nextEpoch());
  }

  @Test
  void threeAttemptsInARowWithoutANewStepEndTheJobAndSayWhatToDo() {
    var job = Walk.running().isLost().runsAgain().isLost().runsAgain().later(Walk.LEASE);
    job.takes(Edge.FENCED_NO_PROGRESS, job.fence("f"));
    failedFor("no_progress", job);
    assertThat(job.lease().detail().orElseThrow())
        .contains("$VAULTLAYER_CHECKPOINT_DIR", "vl resume");
  }

  @Test
  void theThirdMayAlsoReportItself() {
    var job = Walk.running().isLost().runsAgain().isLost().runsAgain();
    job.takes(Edge.ENDED_NO_PROGRESS, job.loses());
    var other = Walk.running().isLost().runsAgain().isLost().runsAgain();
    other.takes(Edge.ENDED_NO_PROGRESS, other.nextEpoch());
    failedFor("no_progress", other);
  }

  @Test
  void attemptsThatNeverStartedAreNoAttemptsWithoutProgress() {
    var job = Walk.running().isLost().runsAgain().isLost();
    for (int i = 0; i < 4; i++) {
      job.claimed().takes(Edge.INTENDED, job.intend()).takes(Edge.LAUNCHED, job.launch());
      job.later(Walk.LAUNCH_LIMIT).takes(Edge.FENCED, job.fence("f" + i));
    }
    assertThat(job.lease().counters().noProgress()).isEqualTo(2);
    assertThat(job.lease().counters().neverStarted()).isEqualTo(4);
    job.runsAgain().later(Walk.LEASE).takes(Edge.FENCED_NO_PROGRESS, job.fence("last"));
  }

  @Test
  void falseFencesAndOurOwnFaultsDoNotCount() {
    var job = Walk.running();
    for (int i = 0; i < 12; i++) {
      job.later(Walk.LEASE);
      job.takes(Edge.FENCED, job.fence("ours-" + i, FenceCause.SILENCE, false)).runsAgain();
    }
    assertThat(job.lease().counters().noProgress()).isZero();
    for (int i = 0; i < 12; i++) {
      job.later(Walk.LEASE);
      job.takes(Edge.FENCED, job.fence("again-" + i, FenceCause.SILENCE, false)).claimed();
      job.takes(Edge.INTENDED, job.intend()).takes(Edge.LAUNCHED, job.launch()).registers();
    }
    assertThat(job.lease().counters().neverStarted()).isZero();
  }

  @Test
  void ourOwnFaultsUseUpNoneOfTheAttemptsThatWereAllowed() {
    var job = Walk.running(TWICE);
    for (int i = 0; i < 4; i++) {
      job.later(Walk.LEASE);
      job.takes(Edge.FENCED, job.fence("ours-" + i, FenceCause.SILENCE, false)).runsAgain();
    }
    job.isLost().runsAgain().later(Walk.LEASE);
    job.takes(Edge.FENCED_MAX_ATTEMPTS, job.fence("f"));
    failedFor("max_attempts", job);
  }

  @Test
  void launchesThatNeverStartAreTriedAgainEverMoreSlowlyAndNotForEver() {
    var job = Walk.queued();
    var last = Duration.ZERO;
    for (int i = 1; i < JobMachine.MOST_NEVER_STARTED; i++) {
      job.claimed().takes(Edge.INTENDED, job.intend()).takes(Edge.LAUNCHED, job.launch());
      job.later(Walk.LAUNCH_LIMIT).takes(Edge.FENCED, job.fence("f" + i));
      var wait = Duration.between(job.now(), job.lease().dueAt().orElseThrow());
      assertThat(wait).isBetween(last, Duration.ofMinutes(5));
      last = wait;
    }
    job.claimed().takes(Edge.INTENDED, job.intend()).takes(Edge.LAUNCHED, job.launch());
    job.later(Walk.LAUNCH_LIMIT).takes(Edge.FENCED_NEVER_STARTED, job.fence("last"));
    failedFor("never_started", job);
  }

  @Test
  void attemptsThatEndBeforeTheProgramStartsAreNotTriedForEverEither() {
    for (var inPlace : new boolean[] {false, true}) {
      var job = Walk.queued();
      for (int i = 1; i < JobMachine.MOST_NEVER_STARTED; i++) {
        job.claimed().takes(Edge.INTENDED, job.intend()).registers();
        job.takes(Edge.LOST, job.exit(Outcome.NEVER_STARTED, Optional.empty(), "lost"));
      }
      job.claimed().takes(Edge.INTENDED, job.intend()).registers();
      job.takes(
          Edge.ENDED_NEVER_STARTED,
          inPlace
              ? job.nextEpoch(Walk.STRANGER, Optional.empty())
              : job.exit(Outcome.NEVER_STARTED, Optional.empty(), "lost"));
      failedFor("never_started", job);
    }
  }
}
