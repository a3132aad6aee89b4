package io.vaultlayer.bench.report;

import io.vaultlayer.wire.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** How a bench runs and ends: a table or one document on stdout, progress on stderr. */
public final class Bench {
  private Bench() {}

  /** A figure beside what is promised of it. */
  public record Promise(String what, double value, double limit, boolean broken) {
    public static Promise atMost(String what, double value, double limit) {
      return new Promise(what, rounded(value), limit, !(value <= limit));
    }

    public static Promise below(String what, double value, double limit) {
      return new Promise(what, rounded(value), limit, !(value < limit));
    }

    public static Promise atLeast(String what, double value, double limit) {
      return new Promise(what, rounded(value), limit, !(value >= limit));
    }

    public Map<String, Object> document() {
      var document = new LinkedHashMap<String, Object>();
      document.put("promise", what);
      document.put("value", value);
      document.put("limit", limit);
      document.put("broken", broken);
      return document;
    }
  }

  /** What a bench found. */
  public record Result(Map<String, Object> document, String table, List<Promise> promises) {}

  /** The body of a bench. */
  @FunctionalInterface
  public interface Body {
    Result run(Options options) throws InterruptedException;
  }

  /** Runs the bench and ends the process: 0, 1 when a promise is broken, 2 for wrong usage. */
  public static void main(String[] arguments, List<String> numbers, String usage, Body body)
      throws Exception {
    if (List.of(arguments).contains("--help")) {
      System.out.println(usage);
      return;
    }
    try {
      var options = Options.parse(arguments, numbers, List.of("--quick", "--json"));
      var result = body.run(options);
      var document = new LinkedHashMap<>(result.document());
      document.put("promises", result.promises().stream().map(Promise::document).toList());
      System.out.println(
          options.has("--json") ? Json.render(document) : result.table() + kept(result));
      System.exit(result.promises().stream().anyMatch(Promise::broken) ? 1 : 0);
    } catch (Options.WrongUsage wrong) {
      System.err.println(wrong.getMessage() + "\n" + usage);
      System.exit(2);
    }
  }

  private static String kept(Result result) {
    var text = new StringBuilder();
    for (var promise : result.promises()) {
      text.append(
          "%n%-8s %s: %s, promised %s"
              .formatted(
                  promise.broken() ? "BROKEN" : "kept",
                  promise.what(),
                  promise.value(),
                  promise.limit()));
    }
    return text.toString();
  }

  public static double rounded(double value) {
    return value == 0 || !Double.isFinite(value)
        ? value
        : new java.math.BigDecimal(value)
            .round(new java.math.MathContext(Math.abs(value) >= 1000 ? 6 : 4))
            .doubleValue();
  }

  /**
   * Runs worlds on as many threads as there are processors, two at most; each on a virtual thread,
   * so that handing control between a world and its invocations stays cheap. The first failure is
   * thrown.
   */
  public static void worlds(List<Runnable> worlds) throws InterruptedException {
    var free = new Semaphore(Math.min(2, Runtime.getRuntime().availableProcessors()));
    var failures = Collections.synchronizedList(new ArrayList<Throwable>());
    var threads = new ArrayList<Thread>();
    for (var world : worlds) {
      free.acquire();
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  world.run();
                } catch (RuntimeException | Error e) {
                  failures.add(e);
                } finally {
                  free.release();
                }
              }));
    }
    for (var thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw new IllegalStateException("a world broke", failures.getFirst());
    }
  }
}
