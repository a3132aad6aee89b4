package io.vaultlayer.core.watch;

import io.vaultlayer.core.lease.Lease;

/**
 * One lease as it was read, and what the look at it came to.
 *
 * @param isReleasing the fences by silence that one tick may do there are counted
 */
public record Finding(Lease lease, Verdict verdict, boolean isReleasing) {
  public Reason reason() {
    return verdict.reason();
  }

  public Finding instead(Verdict other) {
    return new Finding(lease, other, isReleasing);
  }
}
