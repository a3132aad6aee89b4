package io.vaultlayer.bench.report;

import java.util.Arrays;

/** Durations in milliseconds, told in seconds. */
public final class Figures {
  private long[] millis = new long[1024];
  private int count;

  public synchronized void add(long value) {
    if (count == millis.length) {
      millis = Arrays.copyOf(millis, 2 * count);
    }
    millis[count++] = value;
  }

  public synchronized int count() {
    return count;
  }

  public synchronized double mean() {
    return Arrays.stream(millis, 0, count).average().orElse(0) / 1000;
  }

  /** The smallest value that at least this share of the values does not exceed; 0 of none. */
  public synchronized double quantile(double share) {
    Arrays.sort(millis, 0, count);
    return count == 0 ? 0 : millis[Math.max(0, (int) Math.ceil(share * count) - 1)] / 1000.0;
  }
}
