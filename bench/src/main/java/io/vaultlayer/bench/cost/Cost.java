package io.vaultlayer.bench.cost;

import io.vaultlayer.bench.report.Bench;
import java.util.List;

/** {@code bench/cost}: see docs/benchmarks.md. */
public final class Cost {
  private static final String USAGE =
      """
      bench/cost [--quick] [--json]

      Dollars of the control plane: the real handlers with a counter at every port, priced by one
      dated table of list prices. Idle, per instance-hour, per event, and the watchdog's sweep at
      1 k, 10 k and 100 k leases.

        --quick   about half a minute; the sweep up to 10 k leases
        --json    one document on stdout

      example: bench/cost --quick --json\
      """;

  private Cost() {}

  public static void main(String[] arguments) throws Exception {
    Bench.main(
        arguments,
        List.of(),
        USAGE,
        options -> {
          var report =
              new Report(new Figures(Measured.all(options.has("--quick")), Prices.table()));
          return new Bench.Result(report.document(), report.table(), report.promises());
        });
  }
}
