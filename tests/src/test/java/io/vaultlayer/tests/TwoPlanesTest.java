package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** One home has one plane, whoever starts it and however it was ended. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class TwoPlanesTest {
  private static final String[] CHAIN = {
    "python3", "chain.py", "--steps", "250", "--every", "10", "--step-seconds", "0.1"
  };

  @Test
  void manyStartsAtOnceMakeOnePlaneAndAllSucceed() throws InterruptedException {
    try (var home = new Home()) {
      var starts = new ArrayList<Process>();
      for (int n = 0; n < 4; n++) {
        starts.add(home.start(Home.CHECKOUT, "local", "up", "--json"));
      }
      for (var start : starts) {
        assertThat(start.waitFor(Home.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(start.exitValue()).isZero();
      }
      assertThat(planes(home)).hasSize(1);
      var pid = home.planeFile().path("pid").asLong();
      assertThat(planes(home)).containsExactly(pid);
      home.vl("local", "up").ok();
      assertThat(home.vl("local", "status", "--json").ok().json().path("pid").asLong())
          .isEqualTo(pid);
      home.vl("local", "down").ok();
      Home.until(Home.PATIENCE, "the end of the plane", () -> !Processes.isAlive(pid));
      // Looking at a home whose plane is down starts none by itself.
      assertThat(home.vl("local", "status").exit()).isNotZero();
      assertThat(planes(home)).isEmpty();
    }
  }

  @Test
  void theHomeOfTheEnvironmentHoldsThePlaneWhereNothingElseIsNamed(@TempDir Path user) {
    try (var usual = new Home()) {
      // A build, should one be needed, keeps its downloads in the tester's own home.
      usual.vl("version").ok();
    }
    try (var home = new Home(Map.of("HOME", user.toString(), "VAULTLAYER_HOME", ""))) {
      var up = home.vl("local", "up", "--json").ok().json();
      try {
        assertThat(up.path("dataDir").asText())
            .isEqualTo(user.resolve(".vaultlayer/local").toString());
        assertThat(home.vl("init", "--embedded").ok().out().strip())
            .isEqualTo(user.resolve(".vaultlayer/config.json").toString());
      } finally {
        home.vl("local", "down").ok();
      }
      assertThat(home.directory).as("what VAULTLAYER_HOME no longer names").isEmptyDirectory();
    }
  }

  @Test
  void aKilledPlaneComesBackWithItsDataAndTheInstanceGoesOn() {
    try (var home = new Home()) {
      var workdir = Scripts.directory("chain.py");
      var job = home.submit(workdir, CHAIN);
      var before =
          home.await(
              job,
              Home.PATIENCE,
              "a checkpoint",
              s -> s.path("checkpoint").path("step").asLong() > 0);
      var agent = Home.agent(home.instance(job, 1));
      home.killPlane();
      Home.sleep(3000);
      assertThat(Processes.isAlive(agent)).as("the agent outlives the plane").isTrue();

      // The next command starts it again.
      var listed = home.vl("ps", "-a", "--json").ok().json().path("jobs");
      assertThat(listed).hasSize(1);
      assertThat(listed.get(0).path("id").asText()).isEqualTo(job);
      assertThat(home.checkpoints(job).size()).isPositive();

      var end = home.awaitEnd(job, Home.PATIENCE);
      assertThat(end.path("state").asText()).as(end.toString()).isEqualTo("succeeded");
      assertThat(end.path("epoch").asInt()).as("no fence").isEqualTo(1);
      assertThat(end.path("attempts").get(0).path("instanceId"))
          .isEqualTo(before.path("attempts").get(0).path("instanceId"));
      assertThat(home.weights(job)).isEqualTo(undisturbed());
    }
  }

  @Test
  void afterARebootTheNextCommandBringsTheJobOn() {
    try (var home = new Home()) {
      var workdir = Scripts.directory("chain.py");
      var job = home.submit(workdir, CHAIN);
      home.await(
          job, Home.PATIENCE, "a checkpoint", s -> s.path("checkpoint").path("step").asLong() > 0);
      // Everything at once, as when the power goes.
      var all = new ArrayList<>(home.instanceProcesses());
      all.add(home.planeFile().path("pid").asLong());
      all.forEach(pid -> Processes.kill("KILL", pid));
      all.forEach(Processes::awaitGone);

      var end = home.awaitEnd(job, Home.PATIENCE);
      assertThat(end.path("state").asText()).as(end.toString()).isEqualTo("succeeded");
      assertThat(end.path("epoch").asInt()).isEqualTo(2);
      assertThat(outcomes(end)).containsExactly("lost", "succeeded");
      var second = end.path("attempts").get(1);
      assertThat(second.path("resumedFrom").asLong()).isPositive();
      assertThat(second.path("firstStep").asLong())
          .isEqualTo(second.path("resumedFrom").asLong() + 1);
      assertThat(home.weights(job)).isEqualTo(undisturbed());
      assertThat(home.vl("check", "--json").ok().json().path("broken")).isEmpty();
    }
  }

  private static String undisturbed() {
    return Scripts.undisturbed("chain.py", "--steps", "250", "--step-seconds", "0");
  }

  private static List<String> outcomes(JsonNode status) {
    var outcomes = new ArrayList<String>();
    status.path("attempts").forEach(a -> outcomes.add(a.path("outcome").asText()));
    return outcomes;
  }

  /** Processes that keep this home's store open as its plane. */
  private static List<Long> planes(Home home) {
    Path lock = home.local().resolve("plane.lock");
    return Processes.holding(lock);
  }
}
