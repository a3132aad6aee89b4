package io.vaultlayer.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commits, losses and resumes, with real processes. */
class AgentCheckpointTest {
  /** Counts to 40, saves every tenth step by rename, and goes on where it is told. */
  private static final String COUNTS =
      """
      n=${VAULTLAYER_RESUME_STEP:-0}
      echo "pid $$"
      echo "starts with $n from ${VAULTLAYER_RESUME_FROM:-nothing}"
      [ $n = 0 ] || [ "$(cat "$VAULTLAYER_RESUME_FROM/state")" = $n ] || exit 5
      while [ $n -lt 40 ]; do
        n=$((n + 1))
        echo "step $n"
        if [ $((n % 10)) = 0 ]; then
          mkdir "$CHECKPOINT_DIR/.saving"
          echo $n > "$CHECKPOINT_DIR/.saving/state"
          sleep 0.02
          mv "$CHECKPOINT_DIR/.saving" "$CHECKPOINT_DIR/checkpoint-$n"
        fi
        sleep ${PAUSE:-0.05}
        while [ "$VAULTLAYER_ATTEMPT$n" = "${UNTIL_KILLED_AT:-never}" ]; do sleep 0.1; done
      done
      echo $n > "$VL_OUTPUT_DIR/result"
      """;

  /** The first attempt waits to be killed, however late that is, and has saved three times. */
  private static final Map<String, String> UNTIL_KILLED = Map.of("UNTIL_KILLED_AT", "135");

  @TempDir Path directory;

  private static List<Long> committed(AgentScene scene) {
    return scene.plane.bodies(AttemptApi.Commit.class).stream()
        .map(AttemptApi.Commit::step)
        .toList();
  }

  @Test
  void theLastCheckpointAndTheOutputsAreStoredBeforeSuccessIsReported() throws Exception {
    try (var scene = new AgentScene(directory, COUNTS)) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      assertThat(committed(scene)).isSorted().endsWith(40L);
      assertThat(scene.bucket.objects().keySet())
          .contains(
              BucketLayout.outputs(AgentScene.JOB, 1) + "result",
              scene.exit().outputsManifestKey());
      assertThat(scene.plane.calls().getLast().name()).isEqualTo("exit");
    }
  }

  @Test
  void aKilledTrainingGoesOnFromThePointer() throws Exception {
    try (var scene = new AgentScene(directory, COUNTS)) {
      scene.environment = UNTIL_KILLED;
      scene.launch();
      long pid = Long.parseLong(scene.printed(1, "pid "));
      scene.await(() -> !committed(scene).isEmpty());
      AgentScene.signal("KILL", pid);
      assertThat(scene.exitCode()).isZero();
      long from = scene.plane.bodies(AttemptApi.Next.class).getFirst().lastStep();
      String began = scene.printed(2, "starts with ");
      long resumed = Long.parseLong(began.substring(0, began.indexOf(' ')));
      assertThat(resumed).isIn(10L, 20L, 30L).isLessThanOrEqualTo(from);
      assertThat(began).endsWith("/checkpoint-" + resumed);
      assertThat(committed(scene)).doesNotHaveDuplicates().isSorted().endsWith(40L);
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      assertThat(scene.exit().firstStep()).isEqualTo(resumed + 1);
    }
  }

  @Test
  void theCheckpointIsRestoredWhileTheSetupRuns() throws Exception {
    try (var scene = new AgentScene(directory, COUNTS)) {
      scene.environment = UNTIL_KILLED;
      scene.setup = "touch " + directory.resolve("setup-") + "$VAULTLAYER_ATTEMPT";
      // Nothing can be restored before the second setup has begun.
      scene.bucket.faults(call ->
          call.isFor("GET", "_manifest.json") && !Files.exists(directory.resolve("setup-2"))
              ? LoopbackBucket.Fault.SERVER_ERROR
              : LoopbackBucket.Fault.NONE);
      scene.launch();
      long pid = Long.parseLong(scene.printed(1, "pid "));
      scene.await(() -> !committed(scene).isEmpty());
      AgentScene.signal("KILL", pid);
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.printed(2, "starts with ")).contains("/checkpoint-");
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
    }
  }

  @Test
  void aDamagedCheckpointIsCondemnedAndTheOneBeforeItTaken() throws Exception {
    try (var scene = new AgentScene(directory, COUNTS)) {
      scene.environment = Map.of("PAUSE", "0.25", "UNTIL_KILLED_AT", "135");
      scene.launch();
      long pid = Long.parseLong(scene.printed(1, "pid "));
      scene.await(() -> committed(scene).size() >= 2);
      AgentScene.signal("STOP", scene.agent().pid());
      AttemptApi.Pointer pointer = scene.plane.pointer().orElseThrow();
      long before =
          committed(scene).stream()
              .filter(step -> step < pointer.step())
              .max(Long::compare)
              .orElseThrow();
      String state = pointer.manifestKey().replace(BucketLayout.MANIFEST, "state");
      assertThat(scene.bucket.objects().put(state, new byte[] {'x'})).isNotNull();
      // Nothing is left on the host that could stand in for the bucket's object.
      Files.delete(scene.kept().resolve("checkpoint-" + pointer.step() + "/state"));
      AgentScene.signal("KILL", pid);
      AgentScene.signal("CONT", scene.agent().pid());
      assertThat(scene.exitCode()).isZero();
      AttemptApi.Condemn condemn = scene.plane.bodies(AttemptApi.Condemn.class).getFirst();
      assertThat(condemn.step()).isEqualTo(pointer.step());
      assertThat(condemn.problem()).contains("state");
      assertThat(scene.printed(2, "starts with ")).startsWith(before + " ");
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
    }
  }

  @Test
  void aReclaimedScriptsLastSaveIsCommitted() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            """
            trap 'mkdir "$CHECKPOINT_DIR/.s"; echo 7 > "$CHECKPOINT_DIR/.s/state"; sleep 0.02
                  mv "$CHECKPOINT_DIR/.s" "$CHECKPOINT_DIR/checkpoint-7"; exit 0' TERM
            echo "pid $$"
            while :; do sleep 0.05; done
            """)) {
      scene.launch();
      scene.printed(1, "pid ");
      Files.writeString(directory.resolve("reclaim"), "9");
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("reclaimed");
      assertThat(committed(scene)).containsExactly(7L);
    }
  }

  @Test
  void aCheckpointDirectoryOfTheUsersIsMeantFromTheWorkDirectory() throws Exception {
    try (var scene =
        new AgentScene(directory, "pwd; echo $CHECKPOINT_DIR; [ -d out/ckpt ] || exit 3")) {
      scene.checkpointDir = "out/ckpt";
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      String[] lines = scene.shipped(1).split("\n");
      assertThat(lines[1]).isEqualTo(lines[0] + "/out/ckpt");
    }
  }
}
