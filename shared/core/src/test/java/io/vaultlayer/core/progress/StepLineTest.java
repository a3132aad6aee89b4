package io.vaultlayer.core.progress;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StepLineTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "step 120/2000 loss 0.41 | 120 | 0.41",
        "step=120 | 120 |",
        "Step: 120, loss: 0.4 | 120 | 0.4",
        "{'loss': 0.41, 'grad_norm': 1.2, 'epoch': 0.5, 'step': 7} | 7 | 0.41",
        "{\"step\": 12, \"loss\": 1e-3} | 12 | 0.001",
        "iter 120: loss 2.5, time 12ms | 120 | 2.5",
        "Iteration 5 | 5 |",
        "[120/2000] iter loss=3 | 120 | 3",
        "Step [120/2000], Loss: 0.1234 | 120 | 0.1234",
        "[epoch 2][step 120/2000] train_loss=1.5 | 120 | 1.5",
        "global_step=4 loss=nan | 4 | NaN",
        "step 2000: train loss 2.1, val loss 2.2 | 2000 | 2.1",
        "2026-11-21 INFO step 9 done. | 9 |",
        "step   10 | 10 |",
        "training loss: -0.5 | | -0.5",
      })
  void saysWhereTheTrainingIs(String line, Long step, Double loss) {
    StepLine found = StepLine.parse(line);
    assertThat(found.step().isPresent() ? found.step().getAsLong() : null).isEqualTo(step);
    assertThat(found.loss().isPresent() ? found.loss().getAsDouble() : null).isEqualTo(loss);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "step 3 loss 0.4 lr 3.0e-05 | 0.00003",
        "{'loss': 0.4, 'learning_rate': 5e-05, 'epoch': 0.1} | 0.00005",
        "step 3 learning rate: 0.1 | 0.1",
        "step 3 lr=[0.01] | 0.01",
        "step 3 color 5 | ",
      })
  void saysTheLearningRate(String line, Double rate) {
    var found = StepLine.parse(line).learningRate();
    assertThat(found.isPresent() ? found.getAsDouble() : null).isEqualTo(rate);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "checkpoint-800",
        "resuming from step 800",
        "Resuming from checkpoint-800 (step 800)",
        "loaded step 800 from disk",
        "saved step 800",
        "starting from step 800",
        "saving every step 100",
        "val step 12",
        "warmup step 100",
        "total steps: 2000",
        "max_steps=2000",
        "steps 2000",
        "footstep 12",
        "step 0.5",
        "step 1.5e3",
        "step 50%",
        "step 100ms",
        "time per step 12",
        "ms/step 12",
        "step",
        "misstep-3",
        "[120/2000] files copied",
        "final step size 3",
      })
  void isNotFooled(String line) {
    assertThat(StepLine.parse(line).step()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"val loss 2.2", "best_loss=1", "lossless 4", "loss"})
  void takesNoOtherLoss(String line) {
    assertThat(StepLine.parse(line).loss()).isEmpty();
  }
}
