package io.vaultlayer.bench.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * A checker that finds nothing proves nothing: every planted fault is found, and how soon is told.
 */
class MutantsTest {
  private static final int MOST_SEEDS = 300;

  @TestFactory
  Stream<DynamicTest> everyPlantedFaultIsFound() {
    return SimulateMain.mutants().stream()
        .map(mutant -> dynamicTest(mutant.name(), () -> found(mutant)));
  }

  private static void found(Mutant mutant) {
    var summary = Simulation.run(1, MOST_SEEDS, mutant, 1, done -> {});
    assertThat(summary.failures()).as("%s within %d seeds", mutant.name(), MOST_SEEDS).isNotEmpty();
    var first = summary.failures().getFirst();
    System.out.printf(
        "mutant %-55s seed %4d  %s%n",
        mutant.name(), first.plan().seed(), first.violation().orElseThrow().invariant());
  }

  @Test
  void thereAreEnoughOfThem() {
    assertThat(SimulateMain.mutants()).hasSizeGreaterThanOrEqualTo(24);
    assertThat(SimulateMain.mutants()).extracting(Mutant::name).doesNotHaveDuplicates();
  }
}
