package io.vaultlayer.tests;

import io.vaultlayer.testkit.python.FrameworkPython;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The scripts of the matrix, each written from its framework's own documentation; they lie in
 * tests/src/test/frameworks and hold nothing of ours.
 */
enum MatrixScript {
  HF_TRAINER("Transformers Trainer", "hf_trainer", List.of("torch", "transformers"), true),
  TRL_SFT("TRL SFTTrainer, LoRA", "trl_sft", List.of("torch", "trl", "peft"), true),
  ACCELERATE("Accelerate loop", "accelerate_loop", List.of("torch", "accelerate"), true),
  LIGHTNING("Lightning", "lightning_fit", List.of("torch", "lightning"), true),
  ORBAX("Orbax CheckpointManager", "orbax_manager", List.of("jax", "orbax-checkpoint"), false),
  FLAX("flax.training.checkpoints", "flax_checkpoints", List.of("jax", "flax"), false),
  DCP("torch.distributed.checkpoint", "dcp_loop", List.of("torch"), true),
  TORCH_SAVE("torch.save loop", "torch_loop", List.of("torch"), true),
  DEEPSPEED("DeepSpeed (stand-in)", "deepspeed_loop", List.of("torch"), true);

  private static final Path PLACE = Home.CHECKOUT.resolve("tests/src/test/frameworks");

  final String title;
  final String file;

  /** Distributions without which it cannot run. */
  final List<String> needs;

  /** Whether the framework trains with several processes on one machine's processors. */
  final boolean ranks;

  MatrixScript(String title, String file, List<String> needs, boolean ranks) {
    this.title = title;
    this.file = file;
    this.needs = needs;
    this.ranks = ranks;
  }

  static List<String> names() {
    return Arrays.stream(values()).map(each -> each.title).toList();
  }

  /** A new work directory that holds only this script, and the stand-in where it needs one. */
  Path workdir() {
    try {
      var directory = Files.createTempDirectory("vl work ");
      Files.copy(PLACE.resolve(file + ".py"), directory.resolve(file + ".py"));
      if (this == DEEPSPEED) {
        copy(PLACE.resolve("standin"), directory);
      }
      return directory;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** How its user starts it. */
  List<String> command(FrameworkPython python, MatrixRow.Start start) {
    var command =
        new ArrayList<>(
            switch (start) {
              case PYTHON, OLD_PACKAGE ->
                  this == DEEPSPEED
                      ? torchrun(python, 1)
                      : List.of(python.interpreter().toString(), file + ".py");
              case MODULE -> List.of(python.interpreter().toString(), "-m", file);
              case TORCHRUN -> torchrun(python, 2);
              case ACCELERATE_LAUNCH ->
                  List.of(
                      python.program("accelerate"),
                      "launch",
                      "--cpu",
                      "--num_processes=2",
                      "--num_machines=1",
                      "--mixed_precision=no",
                      "--dynamo_backend=no",
                      file + ".py");
            });
    if (this == LIGHTNING && start == MatrixRow.Start.TORCHRUN) {
      command.add("--two");
    }
    if (start == MatrixRow.Start.OLD_PACKAGE) {
      command.add("--old-package");
    }
    return command;
  }

  private List<String> torchrun(FrameworkPython python, int processes) {
    return List.of(
        python.program("torchrun"),
        "--standalone",
        "--nproc-per-node",
        Integer.toString(processes),
        file + ".py");
  }

  /** Options of vl run that this script needs: a loop of its own says where it saves. */
  List<String> options() {
    return this == TORCH_SAVE ? List.of("--checkpoint-dir", "runs") : List.of();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (var each : all.filter(p -> p.toString().endsWith(".py")).toList()) {
        var target = to.resolve(from.relativize(each).toString());
        Files.createDirectories(target.getParent());
        Files.copy(each, target);
      }
    }
  }
}
