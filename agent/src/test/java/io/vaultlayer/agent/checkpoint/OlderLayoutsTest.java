package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vaultlayer.agent.gate.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checkpoints as older versions of the frameworks left them ({@code older_layouts.py}): the agent
 * names each, takes the whole one, and refuses it with anything missing or cut. What it said is
 * left in target/older-layouts.json for docs/matrix.md.
 */
class OlderLayoutsTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Path SAID = Path.of("target/older-layouts.json");

  /**
   * @param world ranks, where the layout needs that somebody knows them
   */
  private record Old(
      String directory, String title, String framework, int world, List<Spoilt> spoilt) {}

  private record Spoilt(How how, String path, String reason) {}

  private enum How {
    WITHOUT,
    CUT,
    UNFINISHED
  }

  private static Spoilt without(String path, String reason) {
    return new Spoilt(How.WITHOUT, path, reason);
  }

  private static Spoilt cut(String path, String reason) {
    return new Spoilt(How.CUT, path, reason);
  }

  private static final String NO_ZIP = "not a whole zip file";

  private static final List<Old> ALL =
      List.of(
          new Old(
              "trainer-one-file",
              "Transformers 4.6 to 4.35, pytorch_model.bin, 2 ranks",
              "transformers",
              2,
              List.of(
                  without("checkpoint-20/pytorch_model.bin", "no weights"),
                  without("checkpoint-20/scheduler.pt", "scheduler.pt is missing"),
                  without("checkpoint-20/rng_state_0.pth", "rng_state_0.pth of rank 0 is missing"),
                  without("checkpoint-20/rng_state_1.pth", "rng_state_1.pth of rank 1 is missing"),
                  without("checkpoint-20/trainer_state.json", "trainer_state.json, which"),
                  cut("checkpoint-20/trainer_state.json", "trainer_state.json is cut short"),
                  cut("checkpoint-20/rng_state_1.pth", NO_ZIP),
                  cut("checkpoint-20/pytorch_model.bin", NO_ZIP))),
          new Old(
              "trainer-shards",
              "Transformers 4.18 to 4.35, numbered pytorch_model files",
              "transformers",
              1,
              List.of(
                  without("checkpoint-20/pytorch_model-00002-of-00002.bin", "00002.bin is missing"),
                  cut("checkpoint-20/pytorch_model.bin.index.json", "not a whole JSON document"))),
          new Old(
              "trainer-staged",
              "Transformers 4.36 to 4.38, tmp-checkpoint-40 half written beside it",
              "transformers",
              1,
              List.of(without("checkpoint-20/rng_state.pth", "rng_state.pth is missing"))),
          new Old(
              "lightning-legacy",
              "Lightning 1.0 to 1.4 on torch before 1.6",
              "lightning",
              1,
              List.of(cut("epoch=1-step=20.ckpt", "a pickle that is cut short"))),
          new Old(
              "lightning-zip",
              "Lightning 1.5 to 2.3, written in place",
              "lightning",
              1,
              List.of(cut("epoch=1-step=20.ckpt", NO_ZIP))),
          new Old(
              "accelerate-bin",
              "Accelerate up to 0.24, pytorch_model.bin, 2 ranks",
              "accelerate",
              2,
              List.of(
                  without("step_20/random_states_0.pkl", "random_states_0.pkl of rank 0"),
                  without("step_20/random_states_1.pkl", "random_states_1.pkl of rank 1"),
                  cut("step_20/random_states_1.pkl", NO_ZIP),
                  cut("step_20/pytorch_model.bin", NO_ZIP))),
          new Old(
              "deepspeed-unlined",
              "DeepSpeed 0.3.0 to 0.3.13, ZeRO 1 or 2, 2 ranks",
              "deepspeed",
              2,
              List.of(
                  without("global_step20/mp_rank_00_model_states.pt", "no model states"),
                  without(
                      "global_step20/zero_pp_rank_1_mp_rank_00optim_states.pt",
                      "the states of rank 1 are missing"),
                  without(
                      "latest", "taken with a warning: global_step20: the file latest beside it"),
                  cut("global_step20/zero_pp_rank_1_mp_rank_00optim_states.pt", NO_ZIP))),
          new Old(
              "deepspeed-stage-3",
              "DeepSpeed 0.3.14 to 0.7, ZeRO 3, 2 ranks",
              "deepspeed",
              2,
              List.of(
                  without(
                      "global_step20/zero_pp_rank_1_mp_rank_00_model_states.pt",
                      "the states of rank 1 are missing"),
                  without(
                      "global_step20/zero_pp_rank_0_mp_rank_00_optim_states.pt",
                      "the states of rank 0 are missing"))),
          new Old(
              "torch-legacy",
              "torch.save before 1.6",
              "unknown",
              1,
              List.of(cut("ckpt_20.pt", "a pickle that is cut short"))),
          new Old(
              "torch-zip",
              "torch.save of 1.6 to 1.13",
              "unknown",
              1,
              List.of(cut("ckpt_20.pt", NO_ZIP))),
          new Old(
              "distributed",
              "torch.distributed.checkpoint of 2.0, 2 ranks",
              "torch.distributed",
              2,
              List.of(
                  without("step_20/__0_0.distcp", "the files of rank 0 are missing"),
                  without("step_20/.metadata", ".metadata, which is written once"))),
          new Old(
              "orbax-arrays",
              "Orbax 0.1 to 0.3, a directory of each array",
              "orbax",
              1,
              List.of(
                  without("checkpoint_20/params.w", "the array params.w, which its tree names"),
                  without(
                      "checkpoint_20/params.encoder.layers_0.attention.kernel/.zarray",
                      "layers_0.attention.kernel, which its tree names"),
                  cut("checkpoint_20/params.w/.zarray", "not a whole JSON document"),
                  cut("checkpoint_20/checkpoint", "a msgpack file that is cut short"),
                  new Spoilt(How.UNFINISHED, "checkpoint_20", "not taken for a checkpoint"))),
          new Old(
              "orbax-database",
              "Orbax 0.4 to 0.5.10, OCDBT, no step metadata, 2 processes",
              "orbax",
              1,
              List.of(
                  without("checkpoint_20/ocdbt.process_0", "the database of process 0"),
                  without("checkpoint_20/manifest.ocdbt", "manifest.ocdbt, which joins"),
                  cut("checkpoint_20/manifest.ocdbt", "of another length than it states"))),
          new Old(
              "flax-file",
              "flax.training.checkpoints before 0.6.9",
              "flax",
              1,
              List.of(cut("checkpoint_20", "a msgpack file that is cut short"))),
          new Old(
              "flax-processes",
              "flax.training.checkpoints 0.5.1 to 0.6.8, arrays of several processes",
              "flax",
              1,
              List.of(without("checkpoint_20", "which belongs to checkpoint_20_gda, is missing"))));

  @TempDir static Path out;
  private static final List<Map<String, Object>> TOLD = new ArrayList<>();

  @BeforeAll
  static void write() throws Exception {
    var process =
        new ProcessBuilder("python3", "src/test/python/older_layouts.py", out.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  @AfterAll
  static void tell() throws IOException {
    new ObjectMapper().writeValue(SAID.toFile(), TOLD);
  }

  @TestFactory
  Stream<DynamicTest> isNamedAndTakenWholeAndRefusedSpoilt() {
    return ALL.stream().map(old -> DynamicTest.dynamicTest(old.title(), () -> check(old)));
  }

  private static void check(Old old) throws IOException {
    var whole = look(out.resolve(old.directory()), old.world());
    assertThat(whole.problem()).isEmpty();
    assertThat(whole.step()).hasValue(20);
    assertThat(whole.framework()).isEqualTo(old.framework());
    var reasons = new ArrayList<String>();
    for (var spoilt : old.spoilt()) {
      var seen = look(spoil(old, spoilt), old.world());
      assertThat(seen.problem())
          .as(spoilt.toString())
          .hasValueSatisfying(said -> assertThat(said).contains(spoilt.reason()));
      reasons.add(seen.problem().get());
    }
    var told = new LinkedHashMap<String, Object>();
    told.put("name", old.title());
    told.put("framework", whole.framework());
    told.put("step", whole.step().getAsLong());
    told.put("whole", whole.proven() ? "taken, proven by its own signs" : "taken after silence");
    told.put("spoilt", reasons);
    TOLD.add(told);
  }

  /** What the finder and the gate say. */
  private record Seen(
      OptionalLong step, String framework, boolean proven, Optional<String> problem) {}

  /** Looks until silence has said what it can, and then until patience is over. */
  private static Seen look(Path kept, int world) throws IOException {
    var finder =
        new Finder(
            kept,
            new Writers() {
              @Override
              public boolean anyAt(Path path) {
                return false;
              }

              @Override
              public boolean anyStopped() {
                return false;
              }
            },
            new Finder.Silence(5 * SECOND, SECOND, 60 * SECOND),
            () -> OptionalInt.of(world));
    finder.baseline(0, Optional.of(Set.of()));
    for (long now = SECOND; now < 70 * SECOND; now += SECOND) {
      var found = finder.look(now, Finder.Phase.RUNNING, -1, Map.of());
      if (!found.isEmpty()) {
        assertThat(found).hasSize(1);
        return seen(kept, found.getFirst());
      }
    }
    return new Seen(
        OptionalLong.empty(), "", false, Optional.of("not taken for a checkpoint: unfinished"));
  }

  private static Seen seen(Path kept, Sighted found) throws IOException {
    Optional<String> problem =
        switch (found.parts()) {
          case Finding.Incomplete(String reason) -> Optional.of(reason);
          case Finding.Doubtful(String reason) -> Optional.of("taken with a warning: " + reason);
          case Finding.Whole _ -> Gate.problem(kept, found.tree(), OptionalDouble.empty());
        };
    return new Seen(
        found.step(),
        Frameworks.of(found.tree(), kept),
        found.parts() instanceof Finding.Whole(boolean proven, var _) && proven,
        problem);
  }

  private static Path spoil(Old old, Spoilt spoilt) throws IOException {
    Path from = out.resolve(old.directory());
    Path to = Files.createTempDirectory(out, "spoilt");
    copy(from, to);
    Path file = to.resolve(spoilt.path());
    switch (spoilt.how()) {
      case WITHOUT -> delete(file);
      case CUT -> {
        var time = Files.getLastModifiedTime(file);
        byte[] all = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(all, all.length / 2));
        Files.setLastModifiedTime(file, time);
      }
      case UNFINISHED ->
          Files.move(file, file.resolveSibling(file.getFileName() + ".orbax-checkpoint-tmp-17"));
    }
    return to;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var all = Files.walk(from)) {
      for (Path each : all.sorted().toList()) {
        Path target = to.resolve(from.relativize(each).toString());
        if (Files.isDirectory(each)) {
          Files.createDirectories(target);
        } else {
          Files.copy(each, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  private static void delete(Path tree) throws IOException {
    try (var all = Files.walk(tree)) {
      for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
