package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A checkpoint that is not whole is never resumed from; the one before it is. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class HalfWrittenTest {
  private static Home home;

  @BeforeAll
  static void aHome() {
    home = new Home();
  }

  @AfterAll
  static void leave() {
    home.close();
  }

  @Test
  void aSaveThatItsScriptDidNotLiveToFinishIsNeverResumedFrom() {
    String[] command = {
      "python3", "torn_save.py", "--steps", "40", "--checkpoint-every", "10", "--save-seconds", "3"
    };
    var job = home.submit(Scripts.directory("torn_save.py"), command);
    var output = "scratch/logs/e00000001/output.log";
    home.await(job, Home.PATIENCE, "a first checkpoint", HalfWrittenTest::hasCheckpoint);
    var instance = home.instance(job, 1);
    var began = begun(Home.read(instance.resolve(output)));
    Home.until(
        Home.PATIENCE, "a save to begin", () -> begun(Home.read(instance.resolve(output))) > began);
    Home.sleep(700);
    Home.training(instance, "torn_save.py").forEach(pid -> Processes.kill("KILL", pid));
    var torn = begun(Home.read(instance.resolve(output)));
    assertThat(Home.read(instance.resolve(output))).doesNotContain("end save " + torn);

    var end = home.awaitEnd(job, Home.PATIENCE);
    assertThat(end.path("state").asText()).as(end.toString()).isEqualTo("succeeded");
    var second = attempt(end, 2);
    assertThat(second.path("resumedFrom").asLong()).isLessThan(torn).isPositive();
    assertThat(epochsOf(job, torn)).as("commits of step " + torn).doesNotContain(1);
    assertThat(home.vl("logs", job).ok().out())
        .contains("resuming from checkpoint-" + second.path("resumedFrom").asLong());
    assertThat(home.weights(job))
        .isEqualTo(
            Scripts.undisturbed(
                "torn_save.py", "--steps", "40", "--step-seconds", "0", "--save-seconds", "0"));
  }

  @Test
  void anUploadThatItsAgentDidNotLiveToFinishIsNeverResumedFrom() {
    var job =
        home.submit(
            Scripts.directory("chain.py"),
            "python3",
            "chain.py",
            "--steps",
            "60",
            "--every",
            "15",
            "--step-seconds",
            "0.1",
            "--megabytes",
            "200");
    home.await(job, Home.PATIENCE, "a first checkpoint", HalfWrittenTest::hasCheckpoint);
    var instance = home.instance(job, 1);
    var agent = Home.agent(instance);
    // Parts and finished objects of a step whose manifest has not come.
    Home.until(Home.PATIENCE, "an upload under way", () -> isUploading(home.bucket(job)));
    Processes.kill("KILL", agent);
    var status =
        home.await(job, Home.PATIENCE, "the next attempt", s -> s.path("epoch").asInt() > 1);
    var committed = new ArrayList<Long>();
    for (var checkpoint : home.checkpoints(job)) {
      if (checkpoint.path("epoch").asInt() == 1) {
        committed.add(checkpoint.path("step").asLong());
        assertThat(home.bucket(job).resolve(manifest(checkpoint))).exists();
      }
    }
    assertThat(committed).as(status.toString()).isNotEmpty().doesNotContain(60L);

    var end = home.awaitEnd(job, Home.PATIENCE);
    assertThat(end.path("state").asText()).as(end.toString()).isEqualTo("succeeded");
    assertThat(attempt(end, 2).path("resumedFrom").asLong()).isEqualTo(committed.getLast());
    assertThat(home.weights(job)).isEqualTo(undisturbedChain(60));
  }

  @Test
  void aCheckpointWithoutItsManifestIsCondemnedAndTheOneBeforeIsResumedFrom() throws IOException {
    var job = damaged(newest -> Files.delete(newest.resolve("_manifest.json")));
    var end = home.awaitEnd(job, Home.PATIENCE);
    resumedFromTheOneBefore(job, end);
  }

  @Test
  void aFileThatWasCutAfterItsCommitIsCondemnedAndTheOneBeforeIsResumedFrom() throws IOException {
    var job =
        damaged(newest -> {
          try (var file = new RandomAccessFile(newest.resolve("state").toFile(), "rw")) {
            file.setLength(16);
          }
        });
    var end = home.awaitEnd(job, Home.PATIENCE);
    resumedFromTheOneBefore(job, end);
  }

  @Test
  void aFileThatWasChangedInPlaceIsCondemnedAndTheOneBeforeIsResumedFrom() throws IOException {
    var job =
        damaged(newest -> {
          try (var file = new RandomAccessFile(newest.resolve("state").toFile(), "rw")) {
            var first = file.read();
            file.seek(0);
            file.write(first ^ 0x40);
          }
        });
    var end = home.awaitEnd(job, Home.PATIENCE);
    resumedFromTheOneBefore(job, end);
  }

  private interface Damage {
    void doTo(Path checkpoint) throws IOException;
  }

  /**
   * A job that lost its instance and then had its newest committed checkpoint damaged: the script
   * saves only twice, so that the newest is known before the instance is killed.
   */
  private static String damaged(Damage damage) throws IOException {
    var job =
        home.submit(
            Scripts.directory("chain.py"),
            "python3",
            "chain.py",
            "--steps",
            "90",
            "--every",
            "20",
            "--step-seconds",
            "0.1");
    var status =
        home.await(
            job,
            Home.PATIENCE,
            "two checkpoints",
            s -> s.path("checkpoint").path("step").asLong() >= 40);
    // Nothing is committed while it stands still, and it is dead before its lease is over.
    var instance = home.instance(job, 1);
    Home.processes(instance).forEach(pid -> Processes.kill("STOP", pid));
    status = home.status(job);
    var newest = status.path("checkpoint");
    damage.doTo(
        home.bucket(job)
            .resolve(
                "checkpoints/e%08d/step-%012d"
                    .formatted(newest.path("epoch").asInt(), newest.path("step").asLong())));
    Home.processes(instance).forEach(pid -> Processes.kill("KILL", pid));
    return job;
  }

  private static void resumedFromTheOneBefore(String job, JsonNode end) {
    assertThat(end.path("state").asText()).as(end.toString()).isEqualTo("succeeded");
    JsonNode condemned = null;
    var before = new ArrayList<Long>();
    for (var checkpoint : home.checkpoints(job)) {
      if (checkpoint.path("status").asText().equals("condemned")) {
        assertThat(condemned).as("one is condemned").isNull();
        condemned = checkpoint;
      } else if (checkpoint.path("epoch").asInt() == 1) {
        before.add(checkpoint.path("step").asLong());
      }
    }
    assertThat(condemned).as("the condemned one").isNotNull();
    assertThat(condemned.path("epoch").asInt()).isEqualTo(1);
    assertThat(condemned.path("reason").asText()).isNotBlank();
    assertThat(condemned.path("step").asLong()).isGreaterThan(before.getLast());
    assertThat(attempt(end, 2).path("resumedFrom").asLong()).isEqualTo(before.getLast());
    assertThat(attempt(end, 2).path("firstStep").asLong()).isEqualTo(before.getLast() + 1);
    assertThat(end.path("warnings").toString())
        .contains("condemned", condemned.path("step").asText());
    assertThat(home.vl("status", job).ok().out()).contains("condemned");
    assertThat(home.vl("checkpoints", job).ok().out()).contains("condemned");
    assertThat(home.vl("logs", job).ok().out())
        .contains("resuming from checkpoint-" + before.getLast());
    assertThat(home.weights(job)).isEqualTo(undisturbedChain(90));
  }

  private static String undisturbedChain(int steps) {
    return Scripts.undisturbed(
        "chain.py", "--steps", Integer.toString(steps), "--step-seconds", "0");
  }

  private static boolean hasCheckpoint(JsonNode status) {
    return !status.path("checkpoint").isNull();
  }

  private static JsonNode attempt(JsonNode status, int epoch) {
    for (var attempt : status.path("attempts")) {
      if (attempt.path("epoch").asInt() == epoch) {
        return attempt;
      }
    }
    throw new AssertionError("no attempt " + epoch + " in " + status);
  }

  /** The step of the last save that the output says was begun. */
  private static long begun(String output) {
    var at = output.lastIndexOf("begin save ");
    return at < 0 ? 0 : Long.parseLong(output.substring(at + 11, output.indexOf('\n', at)));
  }

  private static List<Integer> epochsOf(String job, long step) {
    var epochs = new ArrayList<Integer>();
    for (var checkpoint : home.checkpoints(job)) {
      if (checkpoint.path("step").asLong() == step) {
        epochs.add(checkpoint.path("epoch").asInt());
      }
    }
    return epochs;
  }

  private static String manifest(JsonNode checkpoint) {
    return "checkpoints/e%08d/step-%012d/_manifest.json"
        .formatted(checkpoint.path("epoch").asInt(), checkpoint.path("step").asLong());
  }

  private static boolean isUploading(Path bucket) {
    try (Stream<Path> steps = Files.list(bucket.resolve("checkpoints/e00000001"))) {
      return steps.anyMatch(step -> Files.notExists(step.resolve("_manifest.json")));
    } catch (IOException e) {
      return false;
    }
  }
}
