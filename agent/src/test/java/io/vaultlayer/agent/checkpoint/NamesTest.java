package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
  @ParameterizedTest
  @CsvSource({
    "checkpoint-800,800",
    "checkpoint_7,7",
    "step-12,12",
    "step12,12",
    "global_step500,500",
    "ckpt-3.pt,3",
    "iter_0000500,500",
    "epoch=1-step=42.ckpt,42",
    "checkpoint-000000000001.json,1"
  })
  void readsTheStepThatANameStates(String name, long step) {
    assertThat(Names.step(name)).hasValue(step);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "checkpoint",
        "checkpoint-",
        "checkpoint-8a",
        "model-v2.pt",
        "epoch_3.pt",
        "last.pt",
        "rng_state_0.pth",
        "checkpoint-1234567890123",
        "checkpoint-5.0",
        "checkpoint-800-old",
        "steps-5"
      })
  void doesNotTakeOtherNumbersForSteps(String name) {
    assertThat(Names.step(name)).isEqualTo(OptionalLong.empty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".hidden", ".tmp-checkpoint-5-77", "tmp-checkpoint-5", "tmp_x", "last.pt.tmp", "a.TMP",
        "checkpoint_tmp", "x.tmp123", "800.orbax-checkpoint-tmp-16", "a.part", "a~", "train.log",
        "events.out.tfevents.1.host", "wandb"
      })
  void leavesHiddenTemporaryAndLogFilesAlone(String name) {
    assertThat(Names.isIgnored(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint-5", "model.pt", "template.pt", "attempt-1", ".metadata"})
  void doesNotTakeOrdinaryNamesInsideACheckpointForUnfinished(String name) {
    assertThat(Names.saysUnfinished("checkpoint-5/" + name)).isFalse();
  }
}
