package io.vaultlayer.bench.plane;

import io.vaultlayer.bench.sim.Chance;
import java.util.SplittableRandom;

/**
 * How long each part takes, in milliseconds; stated in docs/benchmarks.md. Uniform between two
 * bounds: the tail of a hop is what matters here, and the upper bound is put where it hurts.
 */
final class Latency {
  /** A message through a queue, poll included. */
  private static final int[] HOP = {20, 250};

  /** A warm start of a function: runtime, parsing. */
  private static final int[] WARM = {10, 60};

  /** A cold start, once in {@link #ONE_COLD_IN}; the tick keeps the watchdog warm. */
  private static final int[] COLD = {1000, 5000};

  private static final int ONE_COLD_IN = 500;

  /** One call to the store. */
  private static final int[] STORE = {3, 12};

  /** A call of an agent, one way. */
  private static final int[] INGRESS = {20, 120};

  /** Seconds by which the minute schedule may be late within its minute. */
  private static final int[] SCHEDULE = {0, 3000};

  private final SplittableRandom random;

  Latency(long seed) {
    random = Chance.of(seed, "latency", 0);
  }

  long hop() {
    return between(HOP);
  }

  long start() {
    return between(random.nextInt(ONE_COLD_IN) == 0 ? COLD : WARM);
  }

  long store() {
    return between(STORE);
  }

  long ingress() {
    return between(INGRESS);
  }

  long schedule() {
    return between(SCHEDULE);
  }

  private long between(int[] bounds) {
    return Chance.between(random, bounds[0], bounds[1]);
  }
}
