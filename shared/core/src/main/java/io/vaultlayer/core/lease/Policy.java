package io.vaultlayer.core.lease;

import java.time.Instant;
import java.util.Optional;

/**
 * What the user allowed, fixed at submission.
 *
 * @param failover false: one attempt only
 * @param maxAttempts 0: no limit while committed steps advance
 * @param deadline the job is stopped then
 * @param keepLast so many of the newest commits are kept, at least 2. The lease names no more of
 *     them, for what it names is never deleted
 */
public record Policy(boolean failover, int maxAttempts, Optional<Instant> deadline, int keepLast) {
  /** Keeps as many as a lease names at most. */
  public Policy(boolean failover, int maxAttempts, Optional<Instant> deadline) {
    this(failover, maxAttempts, deadline, Lease.MOST_EARLIER + 1);
  }

  public Policy {
    if (maxAttempts < 0) {
      throw new IllegalArgumentException("max attempts is 0 (no limit) or more");
    }
    if (keepLast < 2) {
      throw new IllegalArgumentException("at least two checkpoints are kept");
    }
    keepLast = Math.min(keepLast, Lease.MOST_EARLIER + 1);
  }
}
