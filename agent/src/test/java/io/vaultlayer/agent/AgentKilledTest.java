package io.vaultlayer.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.agent.s3.LoopbackBucket.Faults;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.zip.CRC32;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The agent's process gets SIGKILL at each stage of a checkpoint's way and is started again on its
 * host. It began with step 10 committed, and step 20 is on its way.
 */
class AgentKilledTest {
  private static final long PART = 16L << 20;

  /** What a save does; {@code $new} is renamed to its name when it is done. */
  private static final String SMALL = "echo 20 > $new/state";

  enum Stage {
    /** The script is in the middle of a save, with its last file open. */
    FIND("echo 20 > $new/state; mv $new $named; exec 3>$named/model; printf half >&3", 10),
    SNAPSHOT("seq 3000 | split -a 4 -l 1 - $new/part", 10),
    /** Documents are read to their end. */
    GATE("{ printf '[0'; seq -f ,%.0f 1 1700000; printf ']'; } > $new/model.json", 20),
    UPLOAD("head -c 41000000 /dev/urandom > $new/model", 20),
    MANIFEST(SMALL, 20),
    COMMIT(SMALL, 20),
    /** The control plane has it, and its answer is lost. */
    COMMITTED(SMALL, 20),
    /** Three agents have died of it since. */
    HOPELESS(SMALL, 10);

    private final String save;
    private final long resumes;

    Stage(String save, long resumes) {
      this.save = save;
      this.resumes = resumes;
    }

    String script() {
      return """
      sum() { (cd "$1" && cat * | sha256sum); }
      echo "starts with $VAULTLAYER_RESUME_STEP: $(sum "$VAULTLAYER_RESUME_FROM")"
      [ "$VAULTLAYER_ATTEMPT" = 1 ] || exit 0
      new=$CHECKPOINT_DIR/.saving
      named=$CHECKPOINT_DIR/checkpoint-20
      mkdir $new
      %s
      [ -d $named ] || { echo "saved $(sum $new)"; mv $new $named; }
      echo "waits"
      while :; do sleep 1; done
      """
          .formatted(save);
    }
  }

  /** Holds back what matches, with no effect, until the agent is dead. */
  private static final class Hang implements Faults {
    private final Predicate<Call> which;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);

    Hang(Predicate<Call> which) {
      this.which = which;
    }

    @Override
    public Fault on(Call call) {
      if (over.getCount() == 0 || !which.test(call)) {
        return Fault.NONE;
      }
      reached.countDown();
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return Fault.CUT;
    }
  }

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void killedAtAnyStageItCommitsNothingPartialAndTheNextEpochGoesOnRight(Stage stage)
      throws Exception {
    // Some stages last only so long: where the kill came too late it was another stage's.
    for (int tries = 1; !isKilledAt(stage, directory.resolve("try-" + tries)); tries++) {
      System.err.println(stage + ": the kill came too late, once more");
      assertThat(tries).as("kills that came too late").isLessThan(4);
    }
  }

  private static boolean isKilledAt(Stage stage, Path home) throws Exception {
    try (var scene = new AgentScene(Files.createDirectory(home), stage.script())) {
      AttemptApi.Pointer before = stored(scene);
      var hang = new Hang(held(stage));
      scene.bucket.faults(hang);
      scene.launch();
      if (!reached(stage, scene, hang)) {
        return false;
      }
      scene.agent().destroyForcibly().waitFor();
      if (!wasIn(stage, scene)) {
        return false;
      }
      hang.over.countDown();
      scene.plane.loseAnswersOf("", 0);
      scene.plane.hang("");
      assertThat(scene.plane.pointer().orElseThrow().step())
          .isEqualTo(stage == Stage.COMMITTED ? 20 : 10);
      assertThat(unbacked(scene)).isEmpty();

      if (stage == Stage.HOPELESS) {
        Files.writeString(home.resolve("scratch/agent/left-saves-e1"), "xxx");
      }
      List<Call> first = List.copyOf(scene.bucket.calls());
      scene.start();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.plane.pointer().orElseThrow().step()).isEqualTo(stage.resumes);
      assertThat(unbacked(scene)).isEmpty();
      String resumed = scene.printed(2, "starts with ");
      assertThat(resumed).startsWith(stage.resumes + ": ");
      if (stage.resumes == 10) {
        assertThat(scene.plane.pointer()).contains(before);
      } else {
        assertThat(resumed).as("bit for bit").endsWith(scene.printed(1, "saved "));
      }
      if (stage == Stage.UPLOAD) {
        List<Call> second = scene.bucket.calls().subList(first.size(), scene.bucket.calls().size());
        assertThat(second.stream().filter(AgentKilledTest::isPart))
            .as("only the part that had not arrived is sent")
            .extracting(call -> call.query().get("partNumber"), Call::bytes)
            .containsExactly(tuple("2", PART));
        assertThat(scene.bucket.count("POST", "/model")).as("opened and completed").isEqualTo(2);
      }
      assertThat(scene.bucket.openUploads()).isZero();
      return true;
    }
  }

  private static Predicate<Call> held(Stage stage) {
    return switch (stage) {
      case FIND, SNAPSHOT, GATE -> call -> call.isFor("PUT", "/step-000000000020/");
      case UPLOAD -> call -> isPart(call) && call.query().get("partNumber").equals("2");
      case MANIFEST -> call -> call.isFor("PUT", BucketLayout.MANIFEST);
      case COMMIT, COMMITTED, HOPELESS -> call -> false;
    };
  }

  /** Waits for the stage. @return false when it was over before it was seen */
  private static boolean reached(Stage stage, AgentScene scene, Hang hang) throws Exception {
    if (stage == Stage.COMMIT || stage == Stage.HOPELESS) {
      scene.plane.hang("commit");
    }
    if (stage == Stage.COMMITTED) {
      scene.plane.loseAnswersOf("commit", Integer.MAX_VALUE);
    }
    switch (stage) {
      case FIND -> {
        scene.printed(1, "waits");
        Thread.sleep(1_200); // two looks
      }
      case SNAPSHOT -> awaitSnapshot(scene, "files");
      case GATE -> awaitSnapshot(scene, "snapshot.json");
      case UPLOAD -> {
        scene.await(() -> hang.reached.getCount() == 0);
        scene.await(() -> scene.bucket.uploads().parts().size() == 2);
      }
      case MANIFEST -> scene.await(() -> hang.reached.getCount() == 0);
      case COMMIT, HOPELESS -> scene.await(() -> scene.plane.hangs());
      case COMMITTED -> scene.await(() -> scene.plane.pointer().orElseThrow().step() == 20);
    }
    return hang.reached.getCount() > 0 || stage == Stage.UPLOAD || stage == Stage.MANIFEST;
  }

  private static boolean wasIn(Stage stage, AgentScene scene) throws Exception {
    return switch (stage) {
      case SNAPSHOT -> snapshot(scene, "files") && !snapshot(scene, "snapshot.json");
      case GATE -> scene.bucket.count("PUT", "/step-000000000020/") == 0;
      default -> true;
    };
  }

  private static void awaitSnapshot(AgentScene scene, String name) throws Exception {
    long end = System.nanoTime() + AgentScene.LONGEST_WAIT.toNanos();
    while (!snapshot(scene, name)) {
      assertThat(System.nanoTime()).as("waiting for a snapshot").isLessThan(end);
      Thread.sleep(1);
    }
  }

  private static boolean snapshot(AgentScene scene, String name) throws Exception {
    Path snapshots = scene.directory.resolve("scratch/agent/snapshots");
    if (!Files.exists(snapshots)) {
      return false;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(snapshots)) {
      for (Path one : all) {
        if (Files.exists(one.resolve(name))) {
          return true;
        }
      }
      return false;
    }
  }

  private static boolean isPart(Call call) {
    return call.method().equals("PUT") && call.query().containsKey("partNumber");
  }

  /** The checkpoint that the job has when the agent comes. */
  private static AttemptApi.Pointer stored(AgentScene scene) {
    byte[] state = "10\n".getBytes(StandardCharsets.UTF_8);
    String key = BucketLayout.checkpoint(AgentScene.JOB, 1, 10) + "state";
    var crc = new CRC32();
    crc.update(state);
    var file =
        new Manifest.File(
            "checkpoint-10/state",
            key,
            state.length,
            Hex.of(Hex.sha256(state)),
            Hex.crc(crc.getValue()));
    var manifest =
        new Manifest(
            AgentScene.JOB, 1, 10L, "2026-11-20T10:00:00Z", "unknown", List.of(file), Map.of());
    byte[] content = Json.render(manifest).getBytes(StandardCharsets.UTF_8);
    String manifestKey = BucketLayout.checkpointManifest(AgentScene.JOB, 1, 10);
    scene.bucket.objects().put(key, state);
    scene.bucket.objects().put(manifestKey, content);
    var pointer =
        new AttemptApi.Pointer(10, 1, manifestKey, Hex.of(Hex.sha256(content)), state.length, 1);
    scene.plane.pointer(pointer, null);
    return pointer;
  }

  /** Files that a manifest in the bucket names and that are not there as it says. */
  private static List<String> unbacked(AgentScene scene) {
    return scene.bucket.objects().entrySet().stream()
        .filter(object -> object.getKey().contains("/checkpoints/"))
        .filter(object -> object.getKey().endsWith("/" + BucketLayout.MANIFEST))
        .map(object ->
            Json.parse(new String(object.getValue(), StandardCharsets.UTF_8), Manifest.class))
        .flatMap(manifest -> manifest.files().stream())
        .filter(file -> {
          byte[] there = scene.bucket.objects().get(file.key());
          return there == null || !Hex.of(Hex.sha256(there)).equals(file.sha256());
        })
        .map(Manifest.File::path)
        .toList();
  }
}
