package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Many trainings while everything around them breaks, as {@code bench/chaos} does it. Only with
 * {@code -Dvaultlayer.chaos=MINUTES}: a storm that is short enough for every build has too few
 * faults to find anything, and its jobs need minutes to end on a busy machine. The bench's own
 * parts are tested in every build ({@code tests/test_bench_chaos.py}).
 */
@EnabledIfSystemProperty(named = "vaultlayer.chaos", matches = "\\d+(\\.\\d+)?")
class ChaosTest {
  private static final List<String> NONE_OF =
      List.of(
          "leakedInstances",
          "leakedProcesses",
          "unreleasedReservations",
          "mismatchedWeights",
          "brokenInvariants",
          "benchTroubles");

  @Test
  void everyJobSucceedsWithItsTwinsWeightsAndNothingIsLeftBehind()
      throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(
                Home.CHECKOUT.resolve("bench/chaos").toString(),
                "--json",
                "--minutes",
                System.getProperty("vaultlayer.chaos"),
                "--jobs",
                Integer.getInteger("vaultlayer.chaos.jobs", 24).toString(),
                "--seed",
                Long.getLong("vaultlayer.seed", 1).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    process.getOutputStream().close();
    JsonNode told;
    try (var out = process.getInputStream()) {
      told = new ObjectMapper().readTree(out);
    }
    var exit = process.waitFor();
    assertThat(told.path("jobs").asInt()).as(told.toString()).isPositive();
    assertThat(told.path("succeeded"))
        .as(told.path("troubles").toString())
        .isEqualTo(told.path("jobs"));
    assertThat(told.path("kills").asInt()).isPositive();
    assertThat(NONE_OF).allSatisfy(name -> assertThat(told.path(name).asInt(-1)).as(name).isZero());
    // 1 is also the share of repeated work, a mean that a busy machine moves: the bench judges it.
    assertThat(exit).isBetween(0, 1);
  }
}
