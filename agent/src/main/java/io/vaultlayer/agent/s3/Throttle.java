package io.vaultlayer.agent.s3;

import java.time.Duration;

/** A token bucket for the bytes that go out, shared by all connections of a store. */
public final class Throttle {
  /** What may go at once after a pause: small requests are not held up, and no link feels it. */
  private static final double BURST_SECONDS = 0.25;

  public static final Throttle NONE = new Throttle(Double.POSITIVE_INFINITY);

  private final double bytesPerSecond;
  private double tokens;
  private long filledAt = System.nanoTime();

  /**
   * @param bytesPerSecond more than 0
   */
  public Throttle(double bytesPerSecond) {
    if (!(bytesPerSecond > 0)) {
      throw new IllegalArgumentException("a rate is more than 0, not " + bytesPerSecond);
    }
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Waits until so many bytes may go. Debts are allowed, so that no piece is too large. */
  void take(int bytes, Stop stop) throws StoreException.Stopped {
    if (Double.isInfinite(bytesPerSecond)) {
      return;
    }
    long wait = claim(bytes);
    if (wait > 0) {
      stop.sleep(Duration.ofNanos(wait));
    }
  }

  /**
   * @return nanoseconds until the claimed bytes are earned
   */
  private synchronized long claim(int bytes) {
    long now = System.nanoTime();
    double most = bytesPerSecond * BURST_SECONDS;
    tokens = Math.min(most, tokens + (now - filledAt) / 1e9 * bytesPerSecond) - bytes;
    filledAt = now;
    return tokens >= 0 ? 0 : (long) (-tokens / bytesPerSecond * 1e9);
  }
}
