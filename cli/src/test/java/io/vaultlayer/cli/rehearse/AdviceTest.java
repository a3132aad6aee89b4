package io.vaultlayer.cli.rehearse;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.rehearse.RehearsalReport.Continued;
import io.vaultlayer.cli.rehearse.RehearsalReport.Kill;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a verdict is explained by. */
class AdviceTest {
  private static Kill kill(String compared) {
    var continued = new Continued("exactly", "exactly", "exactly", "unknown", "exactly");
    return new Kill(
        "between",
        true,
        143L,
        10L,
        11L,
        0.4,
        continued,
        compared,
        "statistically_equal",
        Judgement.APPROXIMATE,
        null);
  }

  private static List<String> said(Kill... kills) {
    return new Advice(null, List.of(kills), Judgement.APPROXIMATE, Optional.of(true), null)
        .sentences();
  }

  @Test
  void whatCouldNotBeComparedIsNotBlamedOnTheCheckpoint() {
    assertThat(said(kill(null), kill(null)))
        .singleElement()
        .asString()
        .contains("no two runs left a checkpoint of the same step")
        .doesNotContain("is not in the checkpoint");
  }

  @Test
  void whatDiffersIsNamed() {
    assertThat(said(kill(null), kill("checkpoint of step 30: differs in state.json")))
        .containsExactly(
            "something that training depends on is not in the checkpoint",
            "checkpoint of step 30: differs in state.json");
  }
}
