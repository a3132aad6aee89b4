package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.report.Bench;
import java.util.List;

/** {@code bench/detection}: see docs/benchmarks.md. */
public final class Detection {
  private static final String USAGE =
      """
      bench/detection [--deaths N] [--seed N] [--quick] [--json]

      Seconds from a host's true death to the committed fence, false fences, and replacements asked
      for at a reclaim notice: the real handlers in virtual time, beat 10 s, lease 40 s, tick 10 s.

        --deaths N   over the three classes together, 100 to 10000000 (default 100000, --quick 4000)
        --seed N     of every chance in it (default 1)
        --quick      about a minute
        --json       one document on stdout

      example: bench/detection --quick --json\
      """;

  private Detection() {}

  public static void main(String[] arguments) throws Exception {
    Bench.main(
        arguments,
        List.of("--deaths", "--seed"),
        USAGE,
        options -> {
          long seed = options.number("--seed", 1, 0, Integer.MAX_VALUE);
          boolean quick = options.has("--quick");
          int deaths = (int) options.number("--deaths", quick ? 4000 : 100_000, 100, 10_000_000);
          var measured = Measured.all(quick ? Plan.quick(seed, deaths) : Plan.full(seed, deaths));
          return new Bench.Result(
              Report.document(measured), Report.table(measured), Promises.of(measured));
        });
  }
}
