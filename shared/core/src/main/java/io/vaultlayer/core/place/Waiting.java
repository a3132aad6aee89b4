package io.vaultlayer.core.place;

import java.time.Duration;

/** How long a job that found no place waits before it looks again; pure. */
public final class Waiting {
  /** A job that found no place for so long fails, unless its user chose another limit. */
  public static final Duration LIMIT = Duration.ofHours(24);

  private static final int FIRST_SECONDS = 5;

  /** Longer, and a place that opens is taken late; shorter, and every dry market is asked often. */
  private static final int LONGEST_SECONDS = 600;

  private Waiting() {}

  /**
   * Doubles with each look that found nothing, from 5 s to 10 min, of which chance takes up to
   * half, so that jobs which lost their place together do not ask together.
   *
   * @param waits looks in a row that found nothing before this one
   * @param chance from 0 to 1
   */
  public static Duration after(int waits, double chance) {
    if (waits < 0 || !(chance >= 0 && chance <= 1)) {
      throw new IllegalArgumentException("waits is 0 or more and chance from 0 to 1");
    }
    long whole = Math.min(LONGEST_SECONDS, (long) FIRST_SECONDS << Math.min(waits, 10));
    return Duration.ofMillis(Math.round(whole * 1000 * (1 - chance / 2)));
  }
}
