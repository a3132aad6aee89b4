package io.vaultlayer.bench.peer;

import io.vaultlayer.bench.report.Bench;
import io.vaultlayer.bench.report.Bench.Promise;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code bench/compare}: see docs/benchmarks.md. */
public final class Compare {
  private static final String USAGE =
      """
      bench/compare [--hours N] [--seed N] [--quick] [--json]

      The real handlers beside a model of SkyPilot's published constants for managed jobs, on the
      same seeded failures in virtual time. The model is a model: SkyPilot was not run.

        --hours N  of faults in each world, 1 to 200 (default 12, with --quick 3)
        --seed N   the first of three worlds' (default 1; --quick plays one world)
        --quick    about a minute
        --json     one document on stdout

      example: bench/compare --quick\
      """;

  private static final int JOBS = 20;

  private Compare() {}

  private record Pair(Score ours, Score model) {}

  public static void main(String[] arguments) throws Exception {
    Bench.main(
        arguments,
        List.of("--hours", "--seed"),
        USAGE,
        options -> {
          boolean quick = options.has("--quick");
          long seed = options.number("--seed", 1, 0, Integer.MAX_VALUE);
          long hours = options.number("--hours", quick ? 3 : 12, 1, 200);
          return result(compare(hours, seed, quick ? 1 : 3), hours);
        });
  }

  private static Map<Scenario, Pair> compare(double hours, long seed, int worlds)
      throws InterruptedException {
    var scores = new EnumMap<Scenario, Pair>(Scenario.class);
    var work = new ArrayList<Runnable>();
    for (var scenario : Scenario.values()) {
      var pair = new Pair(new Score(), new Score());
      scores.put(scenario, pair);
      work.add(() -> {
        for (long s = seed; s < seed + worlds; s++) {
          pair.ours().play(new Ours(s), scenario, JOBS, hours, s);
          pair.model().play(new SkyPilotModel(s), scenario, JOBS, hours, s);
        }
        System.err.println("compare: " + scenario.meaning);
      });
    }
    Bench.worlds(work);
    return scores;
  }

  private static Bench.Result result(Map<Scenario, Pair> scores, long hours) {
    var rows = new ArrayList<Map<String, Object>>();
    var table =
        new StringBuilder(
            "  %-26s %7s %8s %8s %9s %9s %10s %9s %9s%n"
                .formatted(
                    "",
                    "losses",
                    "detect",
                    "p99",
                    "dup.min",
                    "torndown",
                    "lost min",
                    "leak min",
                    "calls/jh"));
    double duplicates = 0;
    long tornDown = 0;
    for (var entry : scores.entrySet()) {
      var scenario = entry.getKey();
      var pair = entry.getValue();
      rows.add(pair.ours().document(scenario, "ours"));
      rows.add(pair.model().document(scenario, "skypilot-constants model"));
      table.append(scenario.meaning).append('\n');
      table.append(pair.ours().line("VaultLayer, real handlers"));
      table.append(pair.model().line("SkyPilot-constants model"));
      duplicates += pair.ours().duplicateMinutes();
      tornDown += pair.ours().healthyTornDown();
    }
    var document = new LinkedHashMap<String, Object>();
    document.put("jobs", JOBS);
    document.put("hours", hours);
    document.put("rows", rows);
    var promises =
        List.of(
            Promise.atMost("minutes of two trainings of one job at once, ours", duplicates, 0),
            Promise.atMost("sound attempts torn down, ours", tornDown, 0));
    return new Bench.Result(document, table.toString(), promises);
  }
}
