package io.vaultlayer.bench.plane;

/**
 * What one attempt has trained: a step a second from where it resumed, while it runs, lives, is not
 * parked and was not told to stop. Times are milliseconds of the world.
 */
final class Progress {
  private long base;
  private long trained;
  private long since = -1;
  private long parkAt = Long.MAX_VALUE;
  private long parkMillis;

  /** It may begin: with so many steps done, parking so long after its last accepted beat. */
  void begin(long steps, long park) {
    base = steps;
    parkMillis = park;
  }

  /** A beat that was sent then was accepted just now: it trains from now on, or again. */
  void accepted(long sent, long now) {
    if (since >= 0) {
      trained += until(now) - since;
    }
    since = now;
    parkAt = parkMillis > 0 ? Math.max(now, sent + parkMillis) : Long.MAX_VALUE;
  }

  boolean trains(long now) {
    return since >= 0 && now < parkAt;
  }

  /** Steps done by then; {@code end}: when it was ended, or later than now. */
  long steps(long now, long end) {
    return base + (trained + (since < 0 ? 0 : until(Math.min(now, end)) - since)) / 1000;
  }

  private long until(long time) {
    return Math.max(since, Math.min(time, parkAt));
  }
}
