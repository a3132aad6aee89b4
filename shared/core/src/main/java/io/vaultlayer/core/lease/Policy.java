package io.vaultlayer.core.lease;

import java.time.Instant;
import java.util.Optional;

/**
 * What the user allowed, fixed at submission.
 *
 * @param failover false: one attempt only
 * @param maxAttempts 0: no limit while committed steps advance
 * @param deadline the job is stopped then
 */
public record Policy(boolean failover, int maxAttempts, Optional<Instant> deadline) {
  public Policy {
    if (maxAttempts < 0) {
      throw new IllegalArgumentException("max attempts is 0 (no limit) or more");
    }
  }
}
