package io.vaultlayer.bench.sim;

import java.util.SplittableRandom;

/**
 * Where randomness comes from: one stream for each purpose, so that leaving a fault out does not
 * shift what the others draw.
 */
public final class Chance {
  private Chance() {}

  /** The stream of one purpose and number under a seed. */
  public static SplittableRandom of(long seed, String purpose, long number) {
    long mixed = mix(seed + 0x9E3779B97F4A7C15L);
    mixed = mix(mixed ^ purpose.hashCode() * 0xBF58476D1CE4E5B9L);
    return new SplittableRandom(mix(mixed + number * 0x94D049BB133111EBL));
  }

  static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Milliseconds from {@code least} to {@code most}. */
  public static long between(SplittableRandom random, long least, long most) {
    return least >= most ? least : random.nextLong(least, most + 1);
  }
}
