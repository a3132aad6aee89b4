package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Killed at any moment, ten times in one run; the weights are those of the uninterrupted run. */
@Execution(ExecutionMode.CONCURRENT)
class KillsTest {
  private static final Path DIGITS = Home.CHECKOUT.resolve("examples/digits");
  private static final long SEED = Long.getLong("vaultlayer.seed", 20261121);
  private static final int KILLS =
      Integer.getInteger("vaultlayer.kills", Boolean.getBoolean("vaultlayer.long") ? 40 : 10);

  /** Who is killed without warning. */
  enum Victim {
    TRAINING,
    AGENT,
    TRAINING_AND_AGENT,
    PLANE,
    PLANE_AND_AGENT
  }

  @Test
  void tenKillsOfAnyKindLeaveTheSameWeights() throws IOException {
    try (var home = new Home()) {
      String[] command = {
        "python3", "train.py", "--steps", "1500", "--checkpoint-every", "25", "--print-every", "5"
      };
      var twin = home.submit(DIGITS, command);
      assertThat(home.awaitEnd(twin, Home.PATIENCE).path("state").asText()).isEqualTo("succeeded");

      var job = home.submit(DIGITS, command);
      var random = new Random(SEED);
      var seen = new ArrayList<String>();
      long committed = -1;
      int untouched = 1;
      for (int kill = 0; kill < KILLS; kill++) {
        var before = committed;
        // What was struck last may still be told as running, with a commit that was on its way.
        int least = untouched;
        var status =
            home.await(
                job,
                Home.PATIENCE,
                "a new commit before kill " + kill,
                s ->
                    isRunning(s)
                            && s.path("epoch").asInt() >= least
                            && s.path("checkpoint").path("step").asLong(-1) > before
                        || ended(s));
        if (ended(status)) {
          break;
        }
        Home.sleep(random.nextInt(400));
        committed = status.path("checkpoint").path("step").asLong();
        var victim = Victim.values()[kill < 5 ? kill : random.nextInt(Victim.values().length)];
        int epoch = status.path("epoch").asInt();
        untouched = victim == Victim.PLANE ? epoch : epoch + 1;
        var instance = home.instanceOf(status);
        seen.add(victim + "@" + epoch + ":" + status.path("step").asText());
        strike(home, job, instance, victim);
      }
      var end = home.awaitEnd(job, Home.PATIENCE);
      assertThat(end.path("state").asText())
          .as("after " + seen + "\n" + end)
          .isEqualTo("succeeded");
      assertThat(seen).hasSize(KILLS);
      verify(end);
      assertThat(digest(home, job)).isEqualTo(digest(home, twin));
      home.await(
          job, Home.PATIENCE, "no process of an instance", s -> home.instanceProcesses().isEmpty());
      assertThat(home.vl("check", "--json").ok().json().path("broken")).isEmpty();
    }
  }

  private static boolean isRunning(JsonNode status) {
    return status.path("state").asText().equals("running");
  }

  private static boolean ended(JsonNode status) {
    return !status.path("endedAt").isNull();
  }

  private static void strike(Home home, String job, Path instance, Victim victim) {
    var agent = Home.agent(instance);
    var training = Home.training(instance, "train.py");
    switch (victim) {
      case TRAINING -> kill(training);
      case AGENT -> kill(List.of(agent));
      case TRAINING_AND_AGENT -> home.vl("kill-instance", job);
      case PLANE -> home.killPlane();
      case PLANE_AND_AGENT -> {
        home.killPlane();
        kill(List.of(agent));
      }
    }
  }

  private static void kill(List<Long> pids) {
    pids.forEach(pid -> Processes.kill("KILL", pid));
  }

  private static void verify(JsonNode end) {
    var epochs = new ArrayList<Integer>();
    Long pointer = null;
    for (var attempt : end.path("attempts")) {
      epochs.add(attempt.path("epoch").asInt());
      var last = attempt.path("epoch").asInt() == end.path("epoch").asInt();
      assertThat(attempt.path("outcome").asText()).isEqualTo(last ? "succeeded" : "lost");
      if (attempt.path("epoch").asInt() > 1) {
        assertThat(attempt.path("resumedFrom").isNull()).as(attempt.toString()).isFalse();
        // Killed so soon that nobody saw a step of it: then neither is known.
        assertThat(attempt.path("firstStep").isNull())
            .as(attempt.toString())
            .isEqualTo(attempt.path("lastStep").isNull());
        if (!attempt.path("firstStep").isNull()) {
          assertThat(attempt.path("firstStep").asLong())
              .as(attempt.toString())
              .isEqualTo(attempt.path("resumedFrom").asLong() + 1);
        }
        assertThat(attempt.path("resumedFrom").asLong())
            .isGreaterThanOrEqualTo(pointer == null ? 0 : pointer);
      }
      pointer = attempt.path("resumedFrom").asLong();
    }
    assertThat(epochs).isSorted().doesNotHaveDuplicates();
    assertThat(end.path("warnings").toString()).doesNotContain("did not resume");
  }

  private static String digest(Home home, String job) throws IOException {
    var to = Files.createTempDirectory("outputs");
    home.vl("outputs", "pull", job, "--to", to.toString()).ok();
    var digest =
        io.vaultlayer.core.lease.TokenHash.ofBytes(Files.readAllBytes(to.resolve("weights.bin")));
    Home.delete(to);
    return digest;
  }
}
