package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.testkit.python.FrameworkPython;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Scripts of other makers and other machines: they are trained as they come. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
class StylesTest {

  @Test
  void aScriptInTheStyleOfThePublicExamplesResumesFromItsCheckpointDirectory() {
    try (var home = new Home()) {
      var workdir = Home.CHECKOUT.resolve("examples/public-style");
      var twin = home.submit(workdir, "--env", "STEPS=16000", "python3", "train.py");
      var job = home.submit(workdir, "--env", "STEPS=16000", "python3", "train.py");
      var before = home.await(job, Home.PATIENCE, "a checkpoint", StylesTest::hasCheckpoint);
      home.loseHost(job, 1);
      var end = home.awaitEnd(job, Home.PATIENCE);
      lostOnceAndResumed(end, before.path("checkpoint").path("step").asLong());
      assertThat(home.vl("logs", job, "--attempt", "2").ok().out()).contains("Resuming from ");
      assertThat(home.awaitEnd(twin, Home.PATIENCE).path("state").asText()).isEqualTo("succeeded");
      assertThat(outputs(home, job)).isNotEmpty().isEqualTo(outputs(home, twin));
    }
  }

  @Test
  void theTorchExampleResumesBitForBit() throws Exception {
    var found = FrameworkPython.withTorch();
    assumeTrue(found.isPresent(), "skipped: no Python here can import torch");
    var python = found.get();
    try (var home = new Home()) {
      var workdir = Home.CHECKOUT.resolve("examples/digits-torch");
      String[] command = {python, "train.py", "--steps", "400", "--checkpoint-every", "25"};
      var twin = home.submit(workdir, command);
      var job = home.submit(workdir, command);
      var before = home.await(job, Home.PATIENCE, "a checkpoint", StylesTest::hasCheckpoint);
      home.loseHost(job, 1);
      var end = home.awaitEnd(job, Home.PATIENCE);
      lostOnceAndResumed(end, before.path("checkpoint").path("step").asLong());
      assertThat(home.awaitEnd(twin, Home.PATIENCE).path("state").asText()).isEqualTo("succeeded");
      assertThat(home.weights(job)).isEqualTo(home.weights(twin));
    }
  }

  @Test
  void aMachineWithPython3AloneAndFewProgramsWillDo() throws IOException {
    var programs = Files.createTempDirectory("vl few programs ");
    for (var name : new String[] {"sh", "env", "find", "dirname", "readlink", "setsid", "uname"}) {
      link(programs, name, name);
    }
    link(programs, "python3", realPython());
    try (var home = new Home(Map.of("PATH", programs.toString()))) {
      var workdir = Scripts.directory("chain.py");
      var ran = home.in(workdir, "run", "--json", "python", "chain.py", "--steps", "20");
      assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
      assertThat(ran.err()).containsOnlyOnce("python3").contains("final step 20");
      assertThat(ran.json().path("state").asText()).isEqualTo("succeeded");
      assertThat(home.in(workdir, "run", "pip", "install").exit()).isEqualTo(2);
    }
    Home.delete(programs);
  }

  /** A program found on the ordinary PATH, under a name of its own in a directory of few. */
  private static void link(Path directory, String name, String target) throws IOException {
    for (var each : System.getenv("PATH").split(":")) {
      var found = Path.of(each).resolve(target);
      if (Files.isExecutable(found)) {
        Files.createSymbolicLink(directory.resolve(name), found);
        return;
      }
    }
    throw new AssertionError("no " + target + " on the PATH");
  }

  /** Version managers put a script in front, which needs programs that are not there. */
  private static String realPython() {
    try {
      var asked = new ProcessBuilder("python3", "-c", "import sys; print(sys.executable)").start();
      return new String(asked.getInputStream().readAllBytes()).strip();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void lostOnceAndResumed(JsonNode end, long atLeast) {
    assertThat(end.path("state").asText()).as(end.toString()).isEqualTo("succeeded");
    assertThat(end.path("attempts")).hasSize(2);
    assertThat(end.path("attempts").get(0).path("outcome").asText()).isEqualTo("lost");
    assertThat(end.path("attempts").get(1).path("resumedFrom").asLong())
        .isGreaterThanOrEqualTo(atLeast);
  }

  private static boolean hasCheckpoint(JsonNode status) {
    return !status.path("checkpoint").isNull();
  }

  private static Map<String, String> outputs(Home home, String job) {
    try {
      var to = Files.createTempDirectory("outputs");
      home.vl("outputs", "pull", job, "--to", to.toString()).ok();
      var digests = new java.util.TreeMap<String, String>();
      try (var all = Files.walk(to)) {
        for (var file : all.filter(Files::isRegularFile).toList()) {
          digests.put(
              to.relativize(file).toString(),
              io.vaultlayer.core.lease.TokenHash.ofBytes(Files.readAllBytes(file)));
        }
      }
      Home.delete(to);
      return digests;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
