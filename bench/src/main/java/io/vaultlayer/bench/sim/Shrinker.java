package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.World.Result;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Makes a failing plan small: leaves out jobs and faults, as many at once as possible, for as long
 * as the same rule is still broken; then tells what happens in the rest.
 */
final class Shrinker {
  private static final int MOST_RUNS = 120;
  private static final int MOST_LINES = 60;

  private final Plan plan;
  private final Mutant mutant;
  private final String invariant;
  private int runs;

  private Shrinker(Plan plan, Mutant mutant, String invariant) {
    this.plan = plan;
    this.mutant = mutant;
    this.invariant = invariant;
  }

  /** The plan that is left. */
  static Plan shrink(Plan plan, String invariant, Mutant mutant) {
    return new Shrinker(plan, mutant, invariant).shrunk();
  }

  static String script(Plan plan, Violation violation, Mutant mutant) {
    var small = shrink(plan, violation.invariant(), mutant);
    var result = new World(small, mutant.fresh(), true).run();
    return tell(small, result);
  }

  private boolean breaks(BitSet faults, BitSet jobs) {
    if (runs >= MOST_RUNS) {
      return false;
    }
    runs++;
    var result = new World(plan.only(faults, jobs), mutant.fresh(), false).run();
    return result.violation().filter(v -> v.invariant().equals(invariant)).isPresent();
  }

  private Plan shrunk() {
    var jobs = new BitSet();
    plan.jobs().forEach(j -> jobs.set(j.index()));
    var faults = new BitSet();
    plan.faults().forEach(f -> faults.set(f.index()));
    for (int job : jobs.stream().toArray()) {
      jobs.clear(job);
      if (!breaks(faults, jobs)) {
        jobs.set(job);
      }
    }
    for (int chunk = Math.max(1, faults.cardinality() / 2); chunk >= 1; chunk /= 2) {
      int[] left = faults.stream().toArray();
      for (int i = 0; i < left.length; i += chunk) {
        var fewer = (BitSet) faults.clone();
        for (int j = i; j < Math.min(left.length, i + chunk); j++) {
          fewer.clear(left[j]);
        }
        if (!fewer.equals(faults) && breaks(fewer, jobs)) {
          faults.and(fewer);
        }
      }
    }
    return plan.only(faults, jobs);
  }

  private static String tell(Plan plan, Result result) {
    var text = new StringBuilder();
    text.append("seed ").append(plan.seed());
    text.append(", faults ").append(plan.faults().stream().map(Fault::index).toList());
    text.append(", jobs ").append(plan.jobs().stream().map(JobPlan::index).toList()).append('\n');
    for (var job : plan.jobs()) {
      text.append("  job ").append(job.index()).append(" at ");
      text.append(Trace.clock(job.submitAtMillis())).append(": ").append(job.describe());
      text.append('\n');
    }
    for (var fault : plan.faults()) {
      text.append("  fault ").append(fault.index()).append(' ').append(fault.kind().wireName());
      text.append(" from ").append(Trace.clock(fault.fromMillis()));
      text.append(" to ").append(Trace.clock(fault.toMillis()));
      text.append(" at %.2f%n".formatted(fault.strength()));
    }
    var lines = telling(result.lines());
    if (lines.size() > MOST_LINES) {
      text.append("  ... ").append(lines.size() - MOST_LINES).append(" lines before\n");
    }
    lines.stream()
        .skip(Math.max(0, lines.size() - MOST_LINES))
        .forEach(line -> text.append(line).append('\n'));
    result
        .violation()
        .ifPresentOrElse(
            v -> text.append("broken: ").append(v.invariant()).append(": ").append(v.detail()),
            () -> text.append("(the shrunk plan holds; run the seed whole)"));
    return text.toString();
  }

  private static final List<String> NOISE =
      List.of(
          "  write ",
          "  handled ",
          " BEAT",
          "_BEAT",
          "heartbeat 200",
          "NOTHING_TO_SETTLE",
          "fault handlers_slow",
          "fault clock_steps",
          "{\"job\"",
          "{\"_aws\"");

  /** Decisions, faults and what became of hosts; no beats, no looks, nothing twice in a row. */
  private static List<String> telling(List<String> lines) {
    var told = new ArrayList<String>();
    for (var line : lines) {
      boolean again = !told.isEmpty() && told.getLast().equals(line);
      if (!again && NOISE.stream().noneMatch(line::contains)) {
        told.add(line);
      }
    }
    return told;
  }
}
