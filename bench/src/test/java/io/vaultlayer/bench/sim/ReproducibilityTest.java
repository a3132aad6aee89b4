package io.vaultlayer.bench.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** One seed is one story, byte for byte; a failing one is told shortly. */
class ReproducibilityTest {
  private static final long SEEDS = 12;

  /** Prints the digests of the first seeds; run in a process of its own. */
  static final class Digests {
    private Digests() {}

    public static void main(String[] arguments) {
      System.out.println(String.join(" ", digests()));
    }
  }

  private static List<String> digests() {
    var digests = new ArrayList<String>();
    for (long seed = 1; seed <= SEEDS; seed++) {
      digests.add(Simulation.run(seed, Mutant.NONE).digest());
    }
    return digests;
  }

  @Test
  void theSameSeedGivesTheSameTraceInAnotherProcessToo() throws Exception {
    var here = digests();
    assertThat(digests()).isEqualTo(here);
    assertThat(here).doesNotHaveDuplicates();
    assertThat(elsewhere()).isEqualTo(String.join(" ", here));
  }

  private static String elsewhere() throws IOException, InterruptedException {
    var java = System.getProperty("java.home") + "/bin/java";
    var process =
        new ProcessBuilder(
                java,
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Digests.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return said.strip();
  }

  @Test
  void aFailingSeedIsToldInAShortScript() {
    var mutant =
        SimulateMain.mutants().stream()
            .filter(m -> m.name().equals("no-step-check"))
            .findFirst()
            .orElseThrow();
    var failure = Simulation.run(1, 300, mutant, 1, done -> {}).failures().getFirst();
    var invariant = failure.violation().orElseThrow().invariant();
    var small = Shrinker.shrink(failure.plan(), invariant, mutant);
    assertThat(small.faults()).hasSizeLessThan(failure.plan().faults().size());
    assertThat(small.jobs()).hasSizeLessThanOrEqualTo(2);
    var script = Simulation.explain(failure, mutant).orElseThrow();
    assertThat(script).contains("seed " + failure.plan().seed(), "broken: " + invariant);
    assertThat(script.lines().count()).isLessThan(90);
  }
}
