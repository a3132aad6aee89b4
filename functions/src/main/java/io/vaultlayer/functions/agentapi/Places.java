package io.vaultlayer.functions.agentapi;

import io.vaultlayer.core.cadence.Lifetimes;
import io.vaultlayer.core.cadence.Lifetimes.Life;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.functions.state.JobRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Set;

/** What is known of a place: provider, region, class and pricing. */
final class Places {
  /** The job's newest attempts that are looked at; older ones say little of today. */
  private static final int MOST_ATTEMPTS = 20;

  private static final Set<Outcome> LOSSES =
      EnumSet.of(Outcome.LOST, Outcome.RECLAIMED, Outcome.UNHEALTHY);

  private final JobRecords records;

  Places(JobRecords records) {
    this.records = records;
  }

  /**
   * How long an instance lives there on average, in seconds: by this job's own attempts there, and
   * by other jobs' reclaims of the last hours. Two reads at each start of a program, none at a
   * beat.
   */
  double meanSeconds(JobId job, LaunchRecord place) {
    var lives = new ArrayList<Life>(records.fleet().livesOfOthers(job, place));
    for (var attempt : records.newestAttempts(job, MOST_ATTEMPTS)) {
      if (attempt.launch().filter(l -> isSame(l, place)).isPresent()
          && attempt.outcome() != Outcome.NEVER_STARTED) {
        lives.add(new Life(seconds(attempt), LOSSES.contains(attempt.outcome())));
      }
    }
    return Lifetimes.meanSeconds(place.pricing(), lives);
  }

  private static double seconds(ClosedAttempt attempt) {
    return Duration.between(attempt.startedAt(), attempt.endedAt()).toMillis() / 1000.0;
  }

  private static boolean isSame(LaunchRecord one, LaunchRecord other) {
    return one.provider().equals(other.provider())
        && one.region().equals(other.region())
        && one.gpu().equals(other.gpu())
        && one.pricing().equals(other.pricing());
  }
}
