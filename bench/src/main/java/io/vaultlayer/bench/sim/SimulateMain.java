package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.World.Result;
import io.vaultlayer.wire.Json;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;

/** {@code bench/simulate}: seeds in, broken rules and coverage out. */
public final class SimulateMain {
  private static final String USAGE =
      """
      usage: bench/simulate [--seeds A..B] [--seed N] [--quick] [--mutant NAME] [--list-mutants] [--json]

      Runs the real handlers on in-memory ports in virtual time, each seed a world of jobs, providers
      and faults of its own, and checks the invariants after every event. Exit code 1 when one is
      broken: its seed and a short script of what happens are printed.

        --seeds A..B     which seeds (default 1..2000; with --quick 1..500)
        --seed N         one seed
        --mutant NAME    with a planted fault, which must be found
        --list-mutants   the names of the planted faults
        --json           one document on stdout, progress on stderr

      example: bench/simulate --seeds 1..200 --json
      """;

  private static final int MOST_FAILURES = 3;

  private SimulateMain() {}

  /** What was asked for. */
  private record Asked(long from, long to, Mutant mutant, boolean list, boolean json) {}

  private static final class Wrong extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Wrong(String message) {
      super(message);
    }
  }

  public static void main(String[] arguments) {
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (List.of(arguments).contains("--help")) {
      out.print(USAGE);
      return;
    }
    Asked asked;
    try {
      asked = parse(arguments);
    } catch (Wrong e) {
      System.err.println("bench/simulate: " + e.getMessage());
      System.err.print(USAGE);
      System.exit(2);
      return;
    }
    if (asked.list()) {
      var names = mutants().stream().map(Mutant::name).toList();
      out.println(asked.json() ? Json.render(Map.of("mutants", names)) : String.join("\n", names));
      return;
    }
    System.exit(run(asked, out));
  }

  /** Every planted fault in the class path, by name. */
  public static List<Mutant> mutants() {
    var found = new ArrayList<Mutant>();
    for (var pack : ServiceLoader.load(Mutants.class)) {
      found.addAll(pack.all());
    }
    found.sort(Comparator.comparing(Mutant::name));
    return found;
  }

  private static Asked parse(String[] arguments) {
    long from = 1;
    long to = 2000;
    var mutant = Mutant.NONE;
    boolean list = false;
    boolean json = false;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--json" -> json = true;
        case "--list-mutants" -> list = true;
        case "--quick" -> to = 500;
        case "--seed" -> {
          from = number(value(arguments, ++i));
          to = from;
        }
        case "--seeds" -> {
          var range = value(arguments, ++i).split("\\.\\.");
          if (range.length != 2) {
            throw new Wrong("--seeds is a range such as 1..2000");
          }
          from = number(range[0]);
          to = number(range[1]);
        }
        case "--mutant" -> {
          var name = value(arguments, ++i);
          mutant =
              mutants().stream()
                  .filter(m -> m.name().equals(name))
                  .findFirst()
                  .orElseThrow(
                      () -> new Wrong("no mutant " + name + "; --list-mutants names them"));
        }
        default -> throw new Wrong("unknown option " + arguments[i]);
      }
    }
    if (to < from || from < 0) {
      throw new Wrong("--seeds is a range such as 1..2000");
    }
    return new Asked(from, to, mutant, list, json);
  }

  private static String value(String[] arguments, int at) {
    if (at >= arguments.length) {
      throw new Wrong(arguments[at - 1] + " needs a value");
    }
    return arguments[at];
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new Wrong(text + " is no number");
    }
  }

  private static int run(Asked asked, PrintStream out) {
    long begun = System.nanoTime();
    var summary =
        Simulation.run(
            asked.from(),
            asked.to(),
            asked.mutant(),
            MOST_FAILURES,
            done -> {
              if (done % 500 == 0) {
                System.err.println("simulate: " + done + " seeds done");
              }
            });
    double seconds = (System.nanoTime() - begun) / 1e9;
    var scripts = new ArrayList<Map<String, Object>>();
    for (var failure : summary.failures()) {
      scripts.add(violation(failure, asked.mutant()));
    }
    var document = new LinkedHashMap<String, Object>();
    document.put("seeds", summary.seeds());
    document.put("violations", scripts);
    document.put("simulatedHours", Math.round(summary.simulatedHours() * 10) / 10.0);
    document.put("seedsPerSecond", Math.round(summary.seeds() / seconds * 10) / 10.0);
    document.put("medianEventsPerSeed", summary.medianEvents());
    document.put("coverage", summary.coverage());
    if (asked.json()) {
      out.println(Json.render(document));
    } else {
      table(out, document, summary);
    }
    return scripts.isEmpty() ? 0 : 1;
  }

  private static Map<String, Object> violation(Result failure, Mutant mutant) {
    var found = failure.violation().orElseThrow();
    System.err.println(
        "simulate: seed "
            + failure.plan().seed()
            + " breaks "
            + found.invariant()
            + ": "
            + found.detail());
    var row = new LinkedHashMap<String, Object>();
    row.put("seed", failure.plan().seed());
    row.put("invariant", found.invariant());
    row.put("detail", found.detail());
    row.put("script", Optional.of(Simulation.explain(failure, mutant)).flatMap(s -> s).orElse(""));
    return row;
  }

  private static void table(
      PrintStream out, Map<String, Object> document, Simulation.Summary summary) {
    for (var name : List.of("seeds", "simulatedHours", "seedsPerSecond", "medianEventsPerSeed")) {
      out.printf("%-22s %s%n", name, document.get(name));
    }
    out.printf("%-22s %d%n", "violations", summary.failures().size());
    counts(out, "edges", summary.coverage().edges());
    counts(out, "ignored", summary.coverage().ignored());
    counts(out, "faults", summary.coverage().faults());
    counts(out, "crash points", summary.coverage().crashPoints());
    if (document.get("violations") instanceof List<?> rows) {
      for (var row : rows) {
        if (row instanceof Map<?, ?> map) {
          out.println();
          out.println(map.get("script"));
        }
      }
    }
  }

  private static void counts(PrintStream out, String title, Map<String, Long> counts) {
    out.println();
    out.println(title);
    counts.forEach((name, count) -> out.printf("  %-46s %12d%n", name, count));
  }
}
