package io.vaultlayer.bench.cost;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Counts what is used, and how long an invocation waits for the calls that it makes.
 *
 * <p>Durations are a model, stated here and in docs/benchmarks.md: the calls one after the other,
 * each with the time below, and {@link #OWN_MILLIS} of work.
 */
final class Meter {
  /** Parsing, deciding, rendering, on a third of a processor. */
  static final double OWN_MILLIS = 3;

  static final double READ_MILLIS = 3;
  static final double WRITE_MILLIS = 5;
  static final double TRANSACTION_MILLIS = 10;

  /** One page of a query or scan, and each of its rows, which are also parsed. */
  static final double PAGE_MILLIS = 5;

  static final double ROW_MILLIS = 0.04;
  static final double SEND_MILLIS = 8;
  static final double BUCKET_MILLIS = 20;
  static final double STS_MILLIS = 40;
  static final double PROVIDER_MILLIS = 300;

  private final Map<Line, Double> used = new EnumMap<>(Line.class);
  private double millis;

  void use(Line line, double amount) {
    used.merge(line, amount, Double::sum);
  }

  void takes(double time) {
    millis += time;
  }

  Bill bill() {
    return new Bill(used);
  }

  /** One invocation of a function with so much memory. */
  <T> T invocation(int memoryMib, Supplier<T> work) {
    millis = OWN_MILLIS;
    try {
      return work.get();
    } finally {
      use(Line.INVOCATIONS, 1);
      use(Line.COMPUTE_GB_SECONDS, Math.ceil(millis) / 1000 * memoryMib / 1024);
    }
  }

  /** What the work used. */
  Bill of(Runnable work) {
    var before = bill();
    work.run();
    return bill().minus(before);
  }
}
