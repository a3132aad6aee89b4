package io.vaultlayer.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saves that the agent asks for, of a Python training that takes requests as adapters do. */
class AgentSavesTest {
  /**
   * Never saves unless asked. A step takes STEP seconds, a save SAVE seconds, and it arrives by
   * rename.
   */
  private static final String TRAINING =
      """
      import os, time
      from vaultlayer_hook import mirror
      from vaultlayer_hook.keeper import Keeper

      keeper = Keeper("toy", "1", rank=0, world=1)
      keeper.begin(0)
      for step in range(1, 4000):
          time.sleep(float(os.environ["STEP"]))
          print("step %d" % step)
          keeper.stepped(step)
          request = keeper.due(step)
          if request is not None:
              keeper.saving(step)
              time.sleep(float(os.environ["SAVE"]))
              staged = os.path.join(mirror.staging(request), "checkpoint")
              os.makedirs(staged)
              with open(os.path.join(staged, "state"), "w") as file:
                  file.write(str(step))
              keeper.saved(step, [], request, staged=staged)
      keeper.end()
      """;

  @TempDir Path directory;

  private AgentScene scene(String save) throws IOException {
    return scene(save, "0.02");
  }

  private AgentScene scene(String save, String step) throws IOException {
    var scene = new AgentScene(directory, "");
    scene.workdir(Map.of("train.py", TRAINING));
    scene.command = List.of("python3", "train.py");
    scene.environment = Map.of("SAVE", save, "STEP", step);
    return scene;
  }

  private static List<Long> committed(AgentScene scene) {
    return scene.plane.bodies(AttemptApi.Commit.class).stream()
        .map(AttemptApi.Commit::step)
        .toList();
  }

  private List<String> events() throws IOException {
    return Files.readAllLines(directory.resolve("scratch/logs/e00000001/hook/events.jsonl"));
  }

  private long saves() throws IOException {
    return events().stream().filter(line -> line.contains("\"saving\"")).count();
  }

  private long shown() throws IOException {
    Path output = directory.resolve("scratch/logs/e00000001/output.log");
    return Files.exists(output)
        ? Files.readAllLines(output).stream()
            .filter(line -> line.startsWith("step "))
            .mapToLong(line -> Long.parseLong(line.substring(5)))
            .max()
            .orElse(0)
        : 0;
  }

  @Test
  void savesAreAskedForAtTheUsersRhythmAndOnceMoreWhenTheNoticeComes() throws Exception {
    // 70 steps are 4 s: so late may a busy machine be.
    try (var scene = scene("0.1", "0.06")) {
      scene.checkpointEvery = "50";
      scene.launch();
      scene.await(() -> committed(scene).size() >= 2);
      var before = committed(scene);
      assertThat(before.get(0)).isBetween(50L, 120L);
      assertThat(before.get(1) - before.get(0)).isBetween(50L, 120L);
      long shown = shown();
      Files.writeString(directory.resolve("reclaim"), "20");
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("reclaimed");
      assertThat(committed(scene).getLast()).isGreaterThanOrEqualTo(shown);
      assertThat(shown() - committed(scene).getLast()).isLessThan(50);
      assertThat(scene.agentLog()).contains("\"last_save\"");
    }
  }

  @Test
  void whereALastSaveDoesNotFitNoneIsBegunAndWhatWasOnItsWayArrives() throws Exception {
    try (var scene = scene("1.5")) {
      scene.checkpointEvery = "20";
      var sending = new AtomicBoolean();
      scene.bucket.faults(call -> {
        if (call.method().equals("PUT") && call.key().endsWith("/state")) {
          sending.set(true);
          pause(2500);
        }
        return Fault.NONE;
      });
      scene.launch();
      scene.await(sending::get);
      long saves = saves();
      Files.writeString(directory.resolve("reclaim"), "6");
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("reclaimed");
      assertThat(scene.agentLog()).contains("\"no_last_save\"");
      assertThat(saves()).isEqualTo(saves);
      assertThat(committed(scene)).hasSize(1);
    }
  }

  @Test
  void withoutAWordOfTheUsersTheFirstMinuteIsLeftAlone() throws Exception {
    try (var scene = scene("0.1")) {
      scene.launch();
      scene.await(() -> shown() > 150);
      assertThat(saves()).isZero();
      assertThat(scene.agentLog()).doesNotContain("save_asked");
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
