package io.vaultlayer.bench.throughput;

import io.vaultlayer.bench.report.Figures;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/** Callers that call again as soon as they have their answer. */
final class Load {
  private Load() {}

  /** Calls answered in a second, and how long each took (in microseconds, told as millis). */
  record Seen(int callers, double perSecond, Figures micros) {
    double p50Millis() {
      return micros.quantile(0.5);
    }

    double p99Millis() {
      return micros.quantile(0.99);
    }
  }

  /** A call, prepared outside of its time. */
  @FunctionalInterface
  interface Prepared {
    Runnable next();
  }

  /**
   * @param caller makes the calls of one caller, by its number
   */
  static Seen run(int callers, long millis, IntFunction<Prepared> caller)
      throws InterruptedException {
    var micros = new Figures();
    var failure = new AtomicReference<RuntimeException>();
    var threads = new ArrayList<Thread>();
    long end = System.nanoTime() + millis * 1_000_000;
    long began = System.nanoTime();
    for (int i = 0; i < callers; i++) {
      var calls = caller.apply(i);
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (System.nanoTime() < end) {
                    var call = calls.next();
                    long from = System.nanoTime();
                    call.run();
                    micros.add((System.nanoTime() - from) / 1000);
                  }
                } catch (RuntimeException e) {
                  failure.set(e);
                }
              }));
    }
    for (var thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      throw failure.get();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    return new Seen(callers, micros.count() / seconds, micros);
  }
}
