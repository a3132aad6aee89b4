package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A host that stands still past its lease loses the job, and learns it when it wakes up. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class PausedHostTest {

  private static final String[] CHAIN = {
    "python3", "chain.py", "--steps", "500", "--every", "5", "--step-seconds", "0.05"
  };

  @Test
  void aHostThatStaysPausedIsFencedAndThenEndedWhereItStands() {
    try (var home = new Home()) {
      var job = startedJob(home);
      var first = home.instance(job, 1);
      signal("STOP", Home.processes(first));

      var moved = movedOn(home, job);
      assertThat(attempt(moved, 1).path("outcome").asText()).isEqualTo("lost");
      assertThat(attempt(moved, 1).path("detail").asText())
          .contains("no heartbeat", "the provider says running");
      // SIGKILL reaches a stopped process too.
      Home.until(
          Home.PATIENCE, "the end of the paused instance", () -> Home.processes(first).isEmpty());
      home.vl("cancel", job).ok();
    }
  }

  /**
   * Here the paused host wakes up. The local provider's terminate would reach it where it stands,
   * as the test above shows, while a real host that is suspended answers nobody; so once suspected
   * this one is taken out of the provider's reach: its record cannot be read, every terminate fails
   * and is repeated, until the test puts the record back.
   */
  @Test
  void aHostThatWakesUpAfterTheJobMovedOnIsFencedAndCommitsNothing() throws IOException {
    try (var home = new Home()) {
      var job = startedJob(home);
      var first = home.instance(job, 1);
      var paused = Home.processes(first);
      var agent = Home.agent(first);
      assertThat(paused).contains(agent).hasSizeGreaterThan(1);
      signal("STOP", paused);
      Home.until(
          Home.PATIENCE,
          "the suspicion",
          () -> Home.read(home.local().resolve("plane.log")).contains("\"event\":\"Suspect\""));
      var record = first.resolve("instance.json");
      var aside = first.resolve("instance.aside");
      Files.move(record, aside);
      Files.createSymbolicLink(record, aside);

      movedOn(home, job);
      var before = objects(home, job, 1);
      assertThat(Home.processes(first)).as("nobody ended it").containsAll(paused);
      signal("CONT", paused);

      Home.until(
          Home.PATIENCE,
          "the end of the agent that woke up",
          () -> Home.processes(first).isEmpty());
      var log = Home.read(first.resolve("agent.log"));
      assertThat(log).contains("fenced: epoch 1 is no longer ours");
      assertThat(objects(home, job, 1)).as("objects of epoch 1").isEqualTo(before);
      commitsOf(home, job, 1, fencedAt(home, job));

      Files.delete(record);
      Files.move(aside, record);
      var end = home.awaitEnd(job, Home.PATIENCE);
      assertThat(end.path("state").asText()).isEqualTo("succeeded");
      assertThat(attempt(end, 2).path("firstStep").asLong())
          .isEqualTo(attempt(end, 2).path("resumedFrom").asLong() + 1);
      assertThat(home.weights(job))
          .isEqualTo(Scripts.undisturbed("chain.py", "--steps", "500", "--step-seconds", "0"));
      commitsOf(home, job, 1, fencedAt(home, job));
      assertThat(home.vl("check", "--json").ok().json().path("broken")).isEmpty();
      Home.until(
          Home.PATIENCE,
          "no live instance",
          () -> Files.exists(first.resolve("ended.json")) && home.instanceProcesses().isEmpty());
    }
  }

  private static String startedJob(Home home) {
    var job = home.submit(Scripts.directory("chain.py"), CHAIN);
    home.await(
        job,
        Home.PATIENCE,
        "a committed checkpoint",
        s -> s.path("checkpoint").path("step").asLong() >= 10);
    return job;
  }

  private static JsonNode movedOn(Home home, String job) {
    return home.await(
        job,
        Home.PATIENCE,
        "epoch 2 to run",
        s -> s.path("epoch").asInt() == 2 && s.path("state").asText().equals("running"));
  }

  private static void signal(String signal, List<Long> pids) {
    pids.forEach(pid -> Processes.kill(signal, pid));
  }

  private static JsonNode attempt(JsonNode status, int epoch) {
    for (var attempt : status.path("attempts")) {
      if (attempt.path("epoch").asInt() == epoch) {
        return attempt;
      }
    }
    throw new AssertionError("no attempt " + epoch + " in " + status);
  }

  private static Instant fencedAt(Home home, String job) {
    for (var decision : home.vl("explain", job, "--json").ok().json().path("decisions")) {
      if (decision.path("event").asText().equals("Fence")) {
        return Instant.parse(decision.path("at").asText());
      }
    }
    throw new AssertionError("no fence is told");
  }

  /** Every commit of the epoch was before this. */
  private static void commitsOf(Home home, String job, int epoch, Instant fencedAt) {
    var seen = 0;
    for (var checkpoint : home.checkpoints(job)) {
      if (checkpoint.path("epoch").asInt() == epoch) {
        seen++;
        assertThat(Instant.parse(checkpoint.path("committedAt").asText()))
            .as(checkpoint.toString())
            .isBefore(fencedAt);
      }
    }
    assertThat(seen).as("commits of epoch " + epoch).isPositive();
  }

  /** Every file that the bucket holds for checkpoints, logs and outputs of the epoch. */
  private static List<String> objects(Home home, String job, int epoch) throws IOException {
    var found = new ArrayList<String>();
    for (var part : List.of("checkpoints", "logs", "outputs")) {
      Path under = home.bucket(job).resolve(part).resolve("e%08d".formatted(epoch));
      if (Files.exists(under)) {
        try (Stream<Path> all = Files.walk(under)) {
          all.filter(Files::isRegularFile).map(Path::toString).sorted().forEach(found::add);
        }
      }
    }
    assertThat(found).isNotEmpty();
    return found;
  }
}
