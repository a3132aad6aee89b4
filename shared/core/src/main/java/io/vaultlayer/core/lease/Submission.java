package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The first lease of a job. */
public final class Submission {
  /** A job whose work directory has not arrived by then is cancelled by the sweep. */
  public static final Duration UPLOAD_LIMIT = Duration.ofHours(6);

  private Submission() {}

  /**
   * Queued, not yet armed: due at the upload limit, so that the sweep clears what nobody starts.
   */
  public static Lease lease(JobId job, Instant now, Policy policy) {
    return new Lease(
        job,
        1,
        1,
        JobState.QUEUED,
        false,
        policy,
        Optional.of(now.plus(UPLOAD_LIMIT)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        1,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Run.begin(now),
        Counters.ZERO,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }
}
