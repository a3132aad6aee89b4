package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** How a job ends, what it says then, and what can still be done with it. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class EndingsTest {
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
  void withoutFailoverALostInstanceIsTheEnd() {
    var job = home.submit(Scripts.directory("chain.py"), "--no-failover", "python3", "chain.py");
    running(job);
    home.vl("kill-instance", job).ok();
    var end = home.awaitEnd(job, Home.PATIENCE);
    assertThat(end.path("state").asText()).isEqualTo("failed");
    assertThat(end.path("reason").asText()).isEqualTo("single_attempt_lost");
    assertThat(outcomes(end)).containsExactly("lost");
    assertThat(home.vl("wait", job).exit()).isEqualTo(1);
    assertThat(home.vl("status", job).ok().out()).contains("single_attempt_lost");
  }

  @Test
  void aScriptThatExitsNonZeroIsNotRetriedAndItsLastLinesAreShown() {
    var workdir =
        Scripts.directory(
            "seven.py",
            "import sys\nfor n in range(40):\n  print('line', n)\n"
                + "print('the last words', file=sys.stderr)\nsys.exit(7)\n");
    var ran = home.in(workdir, "run", "python3", "seven.py");
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.out()).contains("line 0\n", "line 39\n", "the last words");
    assertThat(ran.err()).contains("exited with code 7");

    var json = home.in(workdir, "run", "--json", "python3", "seven.py");
    assertThat(json.exit()).isEqualTo(1);
    assertThat(json.json().path("state").asText()).isEqualTo("failed");
    assertThat(json.json().path("reason").asText()).isEqualTo("user_program_failed");
    assertThat(json.json().path("exitCode").asInt()).isEqualTo(7);
    assertThat(outcomes(json.json())).containsExactly("failed");
    assertThat(json.err()).contains("the last words");

    var detached = home.submit(workdir, "python3", "seven.py");
    var waited = home.vl("wait", detached);
    assertThat(waited.exit()).isEqualTo(1);
    assertThat(waited.err()).contains("exited with code 7", "vl logs " + detached);
    assertThat(home.vl("logs", detached).ok().out()).endsWith("the last words\n");
  }

  @Test
  void aScriptThatNeverCheckpointsFailsAfterThreeLossesAndSaysWhatToDo() {
    var job =
        home.submit(Scripts.directory("never_checkpoints.py"), "python3", "never_checkpoints.py");
    for (int epoch = 1; epoch <= 3; epoch++) {
      int now = epoch;
      home.await(
          job,
          Home.PATIENCE,
          "steps in epoch " + now,
          s ->
              s.path("epoch").asInt() == now
                  && s.path("state").asText().equals("running")
                  && s.path("step").asLong() > 0);
      home.vl("kill-instance", job).ok();
    }
    var end = home.awaitEnd(job, Home.PATIENCE);
    assertThat(end.path("state").asText()).isEqualTo("failed");
    assertThat(end.path("reason").asText()).isEqualTo("no_progress");
    assertThat(outcomes(end)).containsExactly("lost", "lost", "lost");
    var told = home.vl("wait", job);
    assertThat(told.exit()).isEqualTo(1);
    assertThat(told.err() + home.vl("status", job).ok().out())
        .contains("no_progress")
        .containsIgnoringCase("checkpoint");
  }

  @Test
  void aSetupThatFailsIsTheEndBeforeTheScriptStarts() {
    var workdir = Scripts.directory("never.py", "print('it started')\n");
    var ran =
        home.in(
            workdir, "run", "--setup", "echo preparing; exit 3", "--json", "python3", "never.py");
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.json().path("state").asText()).isEqualTo("failed");
    assertThat(ran.json().path("reason").asText()).isEqualTo("setup_failed");
    assertThat(outcomes(ran.json())).hasSize(1);
    assertThat(home.vl("logs", ran.json().path("id").asText()).ok().out())
        .contains("preparing")
        .doesNotContain("it started");
  }

  @Test
  void aProgramThatIsNotThereInsideIsTheUsersMistake() {
    // Found when it was submitted, and gone when it is to start: its own setup removes it.
    var workdir = Scripts.directory("tool.sh", "#!/bin/sh\necho it started\n");
    assertThat(workdir.resolve("tool.sh").toFile().setExecutable(true)).isTrue();
    var ran = home.in(workdir, "run", "--setup", "rm tool.sh", "--json", "./tool.sh");
    assertThat(ran.exit()).as(ran.out() + ran.err()).isEqualTo(1);
    assertThat(ran.json().path("state").asText()).isEqualTo("failed");
    assertThat(ran.json().path("reason").asText()).isEqualTo("program_not_found");
    assertThat(outcomes(ran.json())).containsExactly("failed");
    assertThat(ran.json().path("detail").asText()).contains("tool.sh");
  }

  @Test
  void cancellingEndsEveryProcessAlsoThoseThatFledIntoSessionsOfTheirOwn() {
    var marker = "vl-e2e-" + Long.toHexString(System.nanoTime());
    var job =
        home.submit(
            Scripts.directory("child_groups.py"),
            "python3",
            "child_groups.py",
            "--marker",
            marker,
            "--checkpoint-every",
            "10");
    var status =
        home.await(
            job,
            Home.PATIENCE,
            "a checkpoint",
            s -> s.path("checkpoint").path("step").asLong() > 0);
    var children = children(home.instance(job, 1));
    assertThat(children).hasSize(3).allMatch(Processes::isAlive);
    home.vl("cancel", job).ok();
    var end = home.awaitEnd(job, Home.PATIENCE);
    assertThat(end.path("state").asText()).isEqualTo("cancelled");
    assertThat(end.path("reason").asText()).isEqualTo("cancelled");
    Home.until(
        Home.PATIENCE,
        "the end of all children",
        () -> children.stream().noneMatch(Processes::isAlive));
    Home.until(Home.PATIENCE, "no process", () -> Home.processes(home.instance(job, 1)).isEmpty());

    // The checkpoint is kept, and a resume goes on from it under the same id.
    long kept = end.path("checkpoint").path("step").asLong();
    assertThat(kept).isGreaterThanOrEqualTo(status.path("checkpoint").path("step").asLong());
    assertThat(home.vl("cancel", job).exit()).isEqualTo(3);
    assertThat(home.vl("kill-instance", job).exit()).isEqualTo(3);
    home.vl("resume", job).ok();
    var resumed = running(job);
    assertThat(resumed.path("id").asText()).isEqualTo(job);
    assertThat(resumed.path("epoch").asInt()).isEqualTo(2);
    var refused = home.vl("resume", job, "--json");
    assertThat(refused.exit()).isEqualTo(3);
    assertThat(refused.json().path("message").asText()).startsWith("resuming " + job + ": ");
    var stepped =
        home.await(job, Home.PATIENCE, "steps of epoch 2", s -> s.path("step").asLong() > kept);
    var second = stepped.path("attempts").get(1);
    assertThat(second.path("resumedFrom").asLong()).isEqualTo(kept);
    assertThat(second.path("firstStep").asLong()).isEqualTo(kept + 1);
    home.vl("cancel", job).ok();
    Home.until(Home.PATIENCE, "no process", () -> Home.processes(home.instance(job, 2)).isEmpty());
  }

  @Test
  void whatASucceededJobNoLongerTakesIsRefused() {
    var workdir = Scripts.directory("quick.py", "print('done')\n");
    var ran = home.in(workdir, "run", "--json", "python3", "quick.py").ok();
    var job = ran.json().path("id").asText();
    for (var command : List.of("cancel", "resume", "kill-instance")) {
      var refused = home.vl(command, job);
      assertThat(refused.exit()).as(command).isEqualTo(3);
      assertThat(refused.err()).contains(job + ": ").contains("succeeded");
    }
  }

  private static JsonNode running(String job) {
    return home.await(
        job, Home.PATIENCE, "running", s -> s.path("state").asText().equals("running"));
  }

  private static List<String> outcomes(JsonNode status) {
    var outcomes = new ArrayList<String>();
    status.path("attempts").forEach(a -> outcomes.add(a.path("outcome").asText()));
    return outcomes;
  }

  private static List<Long> children(Path instance) {
    var pids = new ArrayList<Long>();
    var said =
        Pattern.compile("child \\w+ pid (\\d+)")
            .matcher(Home.read(instance.resolve("scratch/logs/e00000001/output.log")));
    while (said.find()) {
      pids.add(Long.parseLong(said.group(1)));
    }
    return pids;
  }
}
