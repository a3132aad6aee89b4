package io.vaultlayer.bench.sim;

/**
 * A training whose model after a step depends on every step before: whoever resumes from anything
 * but the checkpoint of exactly that step ends with another model.
 */
final class Training {
  private Training() {}

  static long begin(int job, long seed) {
    return Chance.mix(seed * 31 + job + 1);
  }

  static long advance(long state, long from, long to) {
    long now = state;
    for (long step = from + 1; step <= to; step++) {
      now = Chance.mix(now ^ step);
    }
    return now;
  }

  static String text(long step, long state) {
    return "step=" + step + " state=" + Long.toHexString(state);
  }
}
