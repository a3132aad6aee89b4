package io.vaultlayer.core.watch;

import java.time.Instant;

/**
 * What holds for every lease that one provider's instances own, in one sweep.
 *
 * @param now when the leases had been read and the lists had come
 * @param watchedSince since when the watchdog itself has watched without a gap
 * @param heldAgainst from when on silence is held against an attempt: {@code watchedSince}, or a
 *     breaker's later closing
 */
public record Outlook(
    Instant now,
    Instant watchedSince,
    Instant heldAgainst,
    Breaker.State fleet,
    Breaker.State provider) {

  /** Silence fences a few at a time. */
  public boolean isReleasing() {
    return fleet == Breaker.State.RELEASING || provider == Breaker.State.RELEASING;
  }
}
