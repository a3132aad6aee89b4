package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.testkit.python.FrameworkPython;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Training loops with nothing of ours in them, killed once: the inserted lines resume them. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class PlainLoopTest {
  private static final Path LOOP = Home.CHECKOUT.resolve("tests/src/test/scripts/plain_loop");

  @Test
  void aLoopOverEpochsResumesBehindTheLastOneThatWasSaved() throws Exception {
    var workdir = Files.createTempDirectory("vl work ");
    for (var name : new String[] {"train.py", "smalltorch.py"}) {
      Files.copy(LOOP.resolve(name), workdir.resolve(name));
    }
    // Six batches an epoch: what is shown is the optimizer's steps.
    killedOnceEndsAs(workdir, "python3", "train.py", "100", "0.02", 6);
  }

  @Test
  void aLoopOfPyTorchResumesBitForBit() throws Exception {
    var found = FrameworkPython.withTorch();
    assumeTrue(found.isPresent(), "skipped: no Python here can import torch");
    var python = found.get();
    var workdir = Scripts.directory("plain_torch.py");
    killedOnceEndsAs(workdir, python, "plain_torch.py", "3000", "0.002", 1);
  }

  private static void killedOnceEndsAs(
      Path workdir, String python, String script, String count, String pace, int stepsEach)
      throws Exception {
    var source = Files.readString(workdir.resolve(script));
    assertThat(source).doesNotContain("vaultlayer", "VAULTLAYER", "CHECKPOINT");
    var expected = undisturbed(workdir, python, script, count);
    try (var home = new Home()) {
      var submitted =
          home.in(
              workdir,
              "run",
              "--detach",
              "--json",
              "--checkpoint-every",
              "1s",
              python,
              script,
              count,
              pace);
      assertThat(submitted.ok().err())
          .contains("+++ " + script + " (uploaded copy)", "[_vl_start:]");
      assertThat(Files.readString(workdir.resolve(script))).isEqualTo(source);
      var job = submitted.json().path("id").asText();
      home.await(
          job,
          Home.PATIENCE,
          "a second checkpoint",
          s -> s.path("checkpoint").path("step").asLong(-1) > stepsEach);
      home.loseHost(job, 1);
      var end = home.awaitEnd(job, Home.PATIENCE);
      assertThat(end.path("state").asText()).as(end.toString()).isEqualTo("succeeded");
      var second = end.path("attempts").get(1);
      assertThat(second.path("resumedFrom").asLong()).isGreaterThan(stepsEach);
      assertThat(second.path("resumedFrom").asLong() % stepsEach).isZero();
      assertThat(second.path("firstStep").asLong())
          .isEqualTo(second.path("resumedFrom").asLong() + 1);
      assertThat(end.path("step").asLong()).isEqualTo(Long.parseLong(count) * stepsEach);
      assertThat(home.weights(job)).as("the digest of the weights").isEqualTo(expected);
    } finally {
      Home.delete(workdir);
    }
  }

  /** Digest of what the script makes without VaultLayer. */
  private static String undisturbed(Path workdir, String python, String script, String count)
      throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(python, "-B", script, count, "0")
            .directory(workdir.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    var digest = TokenHash.ofBytes(Files.readAllBytes(workdir.resolve("outputs/weights.bin")));
    Home.delete(workdir.resolve("outputs"));
    return digest;
  }
}
