package io.vaultlayer.agent.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories as the frameworks leave them, finished and in the middle of a save. */
class LayoutsTest {
  @TempDir Path kept;
  private long now;

  private void write(String path, String... text) throws IOException {
    Path file = kept.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text.length == 0 ? "x" : text[0]);
    Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(++now * 1000));
  }

  private Finding look(Integer... world) throws IOException {
    var parts = new ArrayList<Part>();
    try (var files = Files.walk(kept)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        parts.add(
            new Part(
                kept.relativize(file).toString(),
                file,
                Files.size(file),
                Files.getLastModifiedTime(file).toMillis() * 1_000_000));
      }
    }
    return Layouts.look(
        new Contents(parts), world.length == 0 ? OptionalInt.empty() : OptionalInt.of(world[0]));
  }

  private void incomplete(String reason, Integer... world) throws IOException {
    assertThat(look(world))
        .isInstanceOfSatisfying(
            Finding.Incomplete.class, found -> assertThat(found.reason()).contains(reason));
  }

  private void proven(boolean proven, Integer... world) throws IOException {
    assertThat(look(world))
        .isInstanceOfSatisfying(
            Finding.Whole.class, found -> assertThat(found.proven()).isEqualTo(proven));
  }

  @Test
  void aTrainersCheckpointIsWholeWithItsStateAndEveryRanksRandomState() throws Exception {
    write("checkpoint-8/config.json", "{}");
    write("checkpoint-8/model.safetensors");
    write("checkpoint-8/training_args.bin");
    incomplete("trainer_state.json, which its Trainer writes last, is missing");
    write("checkpoint-8/optimizer.pt");
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 8, \"best_metric\": NaN}");
    incomplete("scheduler.pt is missing");
    write("checkpoint-8/scheduler.pt");
    incomplete("rng_state.pth is missing");
    write("checkpoint-8/rng_state_0.pth");
    incomplete("rng_state_1.pth of rank 1 is missing");
    write("checkpoint-8/rng_state_1.pth");
    incomplete("rng_state_2.pth of rank 2 is missing", 4);
    assertThat(look()).isInstanceOf(Finding.Doubtful.class); // scheduler.pt is newer than the state
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 8}");
    proven(false);
    proven(true, 2);
  }

  @Test
  void aTrainersCheckpointThatIsCutOrOfAnotherStepIsNone() throws Exception {
    write("checkpoint-8/model.safetensors");
    write("checkpoint-8/training_args.bin");
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 8, \"log_history\": [");
    incomplete("cut short");
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 6}");
    incomplete("is that of step 6");
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 8}");
    assertThat(look())
        .isInstanceOfSatisfying(
            Finding.Whole.class,
            whole -> assertThat(whole.warnings().getFirst()).contains("save_only_model"));
    write("checkpoint-8/checkpoint-is-incomplete.txt");
    incomplete("its save has not ended");
  }

  @Test
  void aScriptThatNamesItsStateLikeATrainerIsNoTrainer() throws Exception {
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 8, \"weights\": [1.0]}");
    assertThat(look()).isEqualTo(Finding.nothing());
    write("checkpoint-8/model.pt");
    write("checkpoint-8/optimizer.pt");
    assertThat(look()).isEqualTo(Finding.nothing());
  }

  @Test
  void whatIsWrittenAfterTheTrainersStateIsWaitedForOnly() throws Exception {
    write("checkpoint-8/optimizer.pt");
    write("checkpoint-8/scheduler.pt");
    write("checkpoint-8/rng_state.pth");
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 8}");
    write("checkpoint-8/adapter_model.safetensors");
    assertThat(look()).isInstanceOf(Finding.Doubtful.class);
    write("checkpoint-8/trainer_state.json", "{\"global_step\": 8}");
    proven(true);
  }

  @Test
  void everyShardThatAnIndexNamesMustBeThere() throws Exception {
    write(
        "m/model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\","
            + " \"b\": \"model-00002-of-00002.safetensors\"}}");
    write("m/model-00001-of-00002.safetensors");
    incomplete("m/model-00002-of-00002.safetensors is missing");
    write("m/model-00002-of-00002.safetensors");
    proven(false);
    write("n/pytorch_model-00003-of-00003.bin");
    incomplete("n/pytorch_model-00001-of-00003.bin is missing");
  }

  @Test
  void acceleratesRanksAreCounted() throws Exception {
    write("step_5/random_states_0.pkl");
    proven(false);
    incomplete("random_states_1.pkl of rank 1", 2);
    write("step_5/vaultlayer_hook.json", "{\"step\": 5, \"world\": 4}");
    write("step_5/random_states_1.pkl");
    incomplete("random_states_2.pkl of rank 2");
    Files.delete(kept.resolve("step_5/random_states_1.pkl"));
    write("step_5/random_states_2.pkl");
    incomplete("random_states_1.pkl of rank 1");
  }

  @Test
  void theMetadataOfADistributedCheckpointComesLast() throws Exception {
    write("step-9/__0_0.distcp");
    write("step-9/__1_0.distcp", ""); // a rank with nothing to write
    incomplete(".metadata");
    write("step-9/.metadata");
    proven(true);
    write("step-9/__0_0.distcp");
    incomplete("is newer than .metadata");
    write("step-9/.metadata");
    write("step-9/__3_0.distcp");
    incomplete("the files of rank 2 are missing");
  }

  @Test
  void aDeepSpeedTagNeedsItsRanksAndItsName() throws Exception {
    write("global_step5/mp_rank_00_model_states.pt");
    write("global_step5/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt");
    assertThat(look()).isInstanceOf(Finding.Doubtful.class);
    write("latest", "global_step5\n");
    proven(false);
    incomplete("the states of rank 1 are missing", 2);
    write("global_step5/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt");
    proven(true, 2);
    write("global_step5/zero_pp_rank_0_mp_rank_00_model_states.pt");
    incomplete("the states of rank 1 are missing", 2);
    write("global_step5/zero_pp_rank_1_mp_rank_00_model_states.pt");
    write("global_step5/bf16_zero_pp_rank_2_mp_rank_00_optim_states.pt");
    incomplete("not of the same ranks", 2);
  }

  @Test
  void orbaxSaysWhenItCommitted() throws Exception {
    write("3/default/ocdbt.process_0/manifest.ocdbt");
    incomplete("which joins its processes");
    write("3/default/manifest.ocdbt");
    write(
        "3/_CHECKPOINT_METADATA",
        "{\"init_timestamp_nsecs\": 1, \"commit_timestamp_nsecs\": null}");
    incomplete("no time at which it was committed");
    write("3/_CHECKPOINT_METADATA", "{\"commit_timestamp_nsecs\": 1795278693398856614}");
    proven(true);
    write("4.orbax-checkpoint-tmp-17/default/d/x");
    incomplete("not finished");
  }

  @Test
  void flaxArraysOfSeveralProcessesBelongToTheirFile() throws Exception {
    write("checkpoint_7_gda/w/0");
    incomplete("checkpoint_7, which belongs to checkpoint_7_gda, is missing");
    write("checkpoint_7");
    proven(false);
  }

  @Test
  void whatNobodyKnowsIsNotJudged() throws Exception {
    write("model.pt");
    write("checkpoint-8/my-weights.dat");
    write("rank7/__x.distcp");
    proven(false);
  }
}
