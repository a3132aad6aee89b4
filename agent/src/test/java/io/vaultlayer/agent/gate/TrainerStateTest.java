package io.vaultlayer.agent.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerStateTest {
  @TempDir Path directory;

  private Optional<String> problem(String history) throws IOException {
    Path file = directory.resolve("trainer_state.json");
    Files.writeString(file, "{\"global_step\": 4, \"log_history\": [" + history + "]}");
    return Formats.problem(new Part("checkpoint-4/trainer_state.json", file, Files.size(file), 0));
  }

  @Test
  void aLossThatIsNoNumberIsHeldAndOneThatRecoveredIsNot() throws Exception {
    assertThat(problem("{\"loss\": 1.5}, {\"loss\": NaN}").orElseThrow()).contains("loss is NaN");
    assertThat(problem("{\"loss\": Infinity}").orElseThrow()).contains("Infinity");
    assertThat(problem("{\"loss\": NaN}, {\"loss\": 1.5, \"grad_norm\": 2}")).isEmpty();
    assertThat(problem("{\"loss\": 1.5}, {\"eval_loss\": NaN}")).isEmpty();
  }

  @Test
  void aZeroInPlaceOfNaNIsSeenByItsGradient() throws Exception {
    assertThat(problem("{\"loss\": 0.0, \"grad_norm\": NaN}").orElseThrow()).contains("grad_norm");
    assertThat(problem("{\"loss\": 0, \"grad_norm\": 0.1}")).isEmpty();
  }

  @Test
  void oneStepThatFp16LeftOutIsUsualAndTwoInARowAreNot() throws Exception {
    String one = "{\"loss\": 1.5, \"grad_norm\": Infinity}";
    assertThat(problem(one)).isEmpty();
    assertThat(problem(one + ", {\"loss\": 1.4, \"grad_norm\": 3.0}, " + one)).isEmpty();
    assertThat(problem(one + "," + one).orElseThrow()).contains("twice in a row");
  }

  @Test
  void aHistoryOfAMillionLinesIsReadInBoundedMemory() throws Exception {
    String line = "{\"epoch\": 1.0, \"grad_norm\": 1.25, \"loss\": 0.5, \"step\": 7}, ";
    assertThat(problem(line.repeat(250_000) + "{\"loss\": NaN}").orElseThrow()).contains("NaN");
    assertThat(problem(line.repeat(300_000) + "{\"loss\": 1}")).isEmpty(); // more than 16 MiB
  }
}
