package io.vaultlayer.core.watch;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Run;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Alive is not progressing. A program that tells its steps and makes none for too long is restarted
 * in place, and where that does not help, moved. One that tells none is only alarmed about.
 */
final class Stalls {
  /** Times the pace of its steps: an evaluation, a save or a slow batch is no stall. */
  private static final double STEPS = 20;

  /** Times the longest pause that the same attempt has come out of by itself. */
  private static final long PAUSES = 3;

  /**
   * While its pace is not known, because its first step was also its last: the second one may wait
   * for a compiler, or stand at the end of a long line of steps that are not told.
   */
  private static final Duration PACE_UNKNOWN = Duration.ofHours(1);

  /** Times the last interval between two checkpoints, without a third. */
  private static final long INTERVALS = 10;

  private static final Duration LEAST_WITHOUT_COMMIT = Duration.ofHours(1);

  private Stalls() {}

  /** Empty: it progresses as far as we can tell. */
  static Optional<Verdict> look(Lease lease, Instant now) {
    var run = lease.run();
    if (lease.state() != JobState.RUNNING) {
      return Optional.empty();
    }
    if (run.stalledAt().isPresent()) {
      return Optional.of(stands(lease, now));
    }
    if (!run.phase().equals("running")) {
      return Optional.empty();
    }
    if (run.stepAt().isEmpty()) {
      return commitsStopped(lease, now)
          ? Optional.of(new Verdict.Leave(Reason.COMMITS_STOPPED))
          : Optional.empty();
    }
    var without = Duration.between(run.stepAt().get(), now);
    var limit = limit(run);
    return without.compareTo(limit) < 0
        ? Optional.empty()
        : Optional.of(
            new Verdict.Stall(
                Reason.STALL,
                "no step for "
                    + without.toSeconds()
                    + " s since step "
                    + run.step().map(String::valueOf).orElse("unknown")
                    + "; longest allowed at its pace: "
                    + limit.toSeconds()
                    + " s"));
  }

  /** How long a program of this pace may go without a step. */
  static Duration limit(Run run) {
    var pause = run.stepGapSeconds().orElse(0L) * PAUSES;
    var pace = run.stepsPerSecond().filter(rate -> rate > 0);
    if (pace.isEmpty() && run.stepGapSeconds().isEmpty()) {
      return PACE_UNKNOWN;
    }
    long steps = pace.map(rate -> Math.round(STEPS / rate)).orElse(0L);
    var limit = Duration.ofSeconds(Math.max(steps, pause));
    return limit.compareTo(JobMachine.LEAST_STALL) < 0 ? JobMachine.LEAST_STALL : limit;
  }

  private static Verdict stands(Lease lease, Instant now) {
    var at = lease.run().stalledAt().orElseThrow();
    if (lease.run().afterStall()) {
      return move(Reason.STALL_AGAIN, "it stalled again after a restart in place");
    }
    return at.plus(JobMachine.RESTART_LIMIT).isAfter(now)
        ? new Verdict.Leave(Reason.STALL_RESTARTING)
        : move(Reason.STALL_STANDS, "it stalled and did not restart in place");
  }

  private static Verdict.Fence move(Reason why, String detail) {
    return new Verdict.Fence(why, FenceCause.STALLED, Outcome.STALLED, detail, true);
  }

  private static boolean commitsStopped(Lease lease, Instant now) {
    var newest = lease.pointer().filter(p -> p.epoch() == lease.epoch());
    var before = lease.earlier().stream().filter(p -> p.epoch() == lease.epoch()).findFirst();
    if (newest.isEmpty() || before.isEmpty()) {
      return false;
    }
    var interval = Duration.between(at(before.get()), at(newest.get()));
    var allowed = interval.multipliedBy(INTERVALS);
    var limit = allowed.compareTo(LEAST_WITHOUT_COMMIT) < 0 ? LEAST_WITHOUT_COMMIT : allowed;
    return Duration.between(at(newest.get()), now).compareTo(limit) > 0;
  }

  private static Instant at(Pointer pointer) {
    return pointer.committedAt();
  }
}
