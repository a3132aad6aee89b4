package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lacks a part waits, what is spoilt is held and named, and what is good is never lost. */
class GatedPipelineTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path home;
  private LoopbackBucket bucket;
  private Rig rig;

  @BeforeEach
  void open() throws IOException {
    bucket = new LoopbackBucket();
    rig = new Rig(bucket, home, 1, Optional.empty());
  }

  @AfterEach
  void close() {
    rig.close();
    bucket.close();
  }

  /** As a Trainer with two ranks saves, in place; the second rank's file is left out. */
  private Path trainer(long step) throws IOException {
    Path checkpoint = Files.createDirectory(rig.kept.resolve("checkpoint-" + step));
    Rig.fill(checkpoint, "adapter_model.bin", "w", "optimizer.pt", "o", "scheduler.pt", "s");
    Rig.fill(
        checkpoint, "rng_state_0.pth", "r", "trainer_state.json", "{\"global_step\":" + step + "}");
    return checkpoint;
  }

  private Optional<String> held(long step) {
    return rig.commits.holds().stream()
        .filter(hold -> hold.step() == step)
        .map(AttemptApi.Hold::reason)
        .findFirst();
  }

  @Test
  void aRanksFileIsWaitedForAndThenTakenWithTheOthers() throws Exception {
    rig.start();
    Path checkpoint = trainer(8);
    Thread.sleep(700); // quiet by far, and the patience is not over
    assertThat(rig.commits.asked()).isEmpty();
    assertThat(rig.commits.holds()).isEmpty();
    Rig.fill(checkpoint, "rng_state_1.pth", "r");
    rig.awaitCommit(8);
    assertThat(rig.commits.pointers().getFirst().files()).isEqualTo(6);
  }

  @Test
  void aRankThatNeverSavesIsNamedAndNotFinal() throws Exception {
    rig.start();
    Path checkpoint = trainer(8);
    Rig.until(() -> held(8).isPresent());
    assertThat(held(8)).contains("checkpoint-8: rng_state_1.pth of rank 1 is missing");
    Rig.fill(checkpoint, "rng_state_1.pth", "r");
    rig.awaitCommit(8);
  }

  @Test
  void theNumberOfRanksThatTheTrainingToldCounts() throws Exception {
    rig.world = OptionalInt.of(3);
    rig.start();
    Rig.fill(trainer(8), "rng_state_1.pth", "r");
    Rig.until(() -> held(8).isPresent());
    assertThat(held(8).orElseThrow()).contains("rank 2");
  }

  @Test
  void aTrainersWholeDirectoryIsTakenAlsoAfterAKill() throws Exception {
    rig.world = OptionalInt.of(2);
    var pipeline = rig.start();
    Path checkpoint = trainer(8);
    Rig.fill(checkpoint, "rng_state_1.pth", "r");
    trainer(9); // cut in the middle of its save
    pipeline.processEnded(false);
    assertThat(pipeline.finish(SOON).committed().orElseThrow().step()).isEqualTo(8);
    assertThat(rig.commits.asked()).containsExactly(8L);
  }

  @Test
  void whatIsSavedWhileTheTrainingAilsIsHeldAndTheNextGoodOneIsTaken() throws Exception {
    rig.start();
    rig.ailment = Optional.of("GPU 0 has fallen off the bus");
    rig.save("checkpoint-1", "w", "x");
    Rig.until(() -> held(1).isPresent());
    assertThat(held(1)).contains("GPU 0 has fallen off the bus");
    rig.ailment = Optional.empty();
    rig.save("checkpoint-2", "w", "x");
    rig.awaitCommit(2);
    assertThat(rig.commits.asked()).containsExactly(2L);
  }

  @Test
  void aSpoiltOneNeverTakesThePlaceOfAGoodOneThatWaits() throws Exception {
    bucket.faults(call -> Fault.SERVER_ERROR);
    rig.start();
    rig.save("checkpoint-1", "w", "good");
    Rig.until(() -> !bucket.calls().isEmpty());
    rig.loss = OptionalDouble.of(Double.NaN);
    rig.save("checkpoint-2", "w", "spoilt");
    Rig.until(() -> held(2).isPresent());
    rig.save("checkpoint-3", "m.safetensors", "no header");
    Rig.until(() -> held(3).isPresent());
    bucket.faults(call -> Fault.NONE);
    rig.awaitCommit(1);
  }
}
