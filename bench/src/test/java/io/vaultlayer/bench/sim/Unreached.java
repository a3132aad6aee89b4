package io.vaultlayer.bench.sim;

import io.vaultlayer.core.job.Why;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What a run of the simulation should have met and did not. */
final class Unreached {
  /** Fewer seeds cannot be asked to have met everything. */
  static final long LEAST_SEEDS = 1_000;

  /** What does not happen where real handlers act, and why; the job machine's own tests meet it. */
  private static final Map<String, String> CANNOT =
      Map.of(
          Why.DEADLINE_NOT_PASSED.code(),
          "Whoever fences or suspects names the sequence of the item in which it read the passed"
              + " time, and another sequence is looked at first.",
          Why.GRACE_RUNNING.code(),
          "The watchdog suspects only whom it read without a grace, and an item that has got one"
              + " since has another sequence, which is looked at first.",
          Why.STEP_ADVANCED.code(),
          "The watchdog reports a stall only of the item that it read, and a step that came since"
              + " moves the sequence, which is looked at first.");

  /**
   * Met in some runs and not in others, and why: a user's call that loses its compare-and-set to
   * another write pauses before it tries again, and a crash aimed at just that comes about once in
   * some thousand seeds.
   */
  private static final Set<String> SELDOM = Set.of("control pause before", "control pause after");

  private Unreached() {}

  /** Names with a zero that nothing excuses, and excuses for what was met after all. */
  static List<String> in(Coverage coverage) {
    return Stream.of(
            coverage.edges(), coverage.ignored(), coverage.faults(), coverage.crashPoints())
        .flatMap(counts -> counts.entrySet().stream())
        .filter(e -> !SELDOM.contains(e.getKey()))
        .filter(e -> (e.getValue() == 0) != CANNOT.containsKey(e.getKey()))
        .map(e -> e.getKey() + ": " + e.getValue())
        .sorted()
        .toList();
  }
}
