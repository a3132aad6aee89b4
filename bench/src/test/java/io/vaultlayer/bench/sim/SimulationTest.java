package io.vaultlayer.bench.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The real handlers through random worlds: no rule is broken, whatever fails. {@code
 * -Dvaultlayer.sim.seeds=N}, or VAULTLAYER_SIM_SEEDS in the environment, says how many.
 */
class SimulationTest {
  @Test
  void noSeedBreaksARule() {
    long seeds = Seeds.asked();
    long begun = System.nanoTime();
    var summary = Simulation.run(1, seeds, Mutant.NONE, 1, done -> {});
    assertThat(
            summary.failures().stream()
                .map(f -> Simulation.explain(f, Mutant.NONE).orElse(""))
                .toList())
        .isEmpty();
    System.out.printf(
        "simulated %d seeds, %.0f hours, %d events in the median seed, %.1f seeds/s%n",
        summary.seeds(),
        summary.simulatedHours(),
        summary.medianEvents(),
        summary.seeds() / ((System.nanoTime() - begun) / 1e9));
    print("edges", summary.coverage().edges());
    print("ignored", summary.coverage().ignored());
    print("faults", summary.coverage().faults());
    print("crash points", summary.coverage().crashPoints());
    if (seeds >= Unreached.LEAST_SEEDS) {
      assertThat(Unreached.in(summary.coverage())).isEmpty();
    }
  }

  private static void print(String title, Map<String, Long> counts) {
    System.out.println(title);
    counts.forEach((name, count) -> System.out.printf("  %-46s %12d%n", name, count));
  }
}
