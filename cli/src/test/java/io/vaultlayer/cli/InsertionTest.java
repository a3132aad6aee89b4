package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.cli.Cli.Ran;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InsertionTest {
  private static final Path SAMPLES = Path.of("src/test/python/samples");
  private static final String OURS = "import vaultlayer_checkpoint as _vl";
  private static final String QUESTION = "insert them? [Y] into the uploaded copy";

  @TempDir Path directory;
  private Path work;
  private Path train;
  private FakePlane plane;
  private Cli cli;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(
        new ProcessBuilder("sh", "-c", "command -v python3").start().waitFor() == 0,
        "python3 is not on the PATH");
    plane = new FakePlane();
    work = Files.createDirectory(directory.resolve("work"));
    cli = new Cli(work).at(plane);
    train = work.resolve("train.py");
    Files.copy(SAMPLES.resolve("several_modules.py"), train);
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  private Ran run(String... options) {
    var words = new java.util.ArrayList<>(List.of("run", "--detach"));
    words.addAll(List.of(options));
    words.addAll(List.of("python3", "train.py"));
    var ran = cli.run(words.toArray(String[]::new));
    assertThat(ran.exit()).as(ran.err()).isZero();
    return ran;
  }

  /** On a terminal, at which somebody types this. */
  private Ran typing(String input, String... options) {
    var before = System.in;
    cli.terminal = true;
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    try {
      return run(options);
    } finally {
      System.setIn(before);
      cli.terminal = false;
    }
  }

  /** The script as it was uploaded. */
  private String uploaded() throws IOException {
    var archive = plane.objects.get("/bucket/workdir.tar.gz");
    try (var tar =
        new TarArchiveInputStream(new GZIPInputStream(new ByteArrayInputStream(archive)))) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (entry.getName().equals("train.py")) {
          return new String(tar.readAllBytes(), StandardCharsets.UTF_8);
        }
      }
    }
    throw new AssertionError("no train.py was uploaded");
  }

  private String here() throws IOException {
    return Files.readString(train);
  }

  @Test
  void theLinesGoIntoTheUploadedCopyAreShownAndTheFileStays() throws IOException {
    var before = here();
    var ran = run();
    assertThat(ran.err())
        .contains("--- train.py\n+++ train.py (uploaded copy)\n@@ -34,7 +34,12 @@")
        .contains("they go into the uploaded copy only")
        .doesNotContain(QUESTION, "\033");
    assertThat(uploaded()).contains(OURS);
    assertThat(here()).isEqualTo(before);
  }

  @Test
  void theSameRunTwiceIsTheSameRequest() {
    run("--idempotency-key", "k");
    run("--idempotency-key", "k");
    var asked = plane.asked("POST /v1/jobs");
    assertThat(asked.getFirst().body()).isEqualTo(asked.getLast().body());
  }

  @Test
  void whoRefusesGetsWhatIsThere() throws IOException {
    assertThat(run("--no-insert").err()).doesNotContain("train.py");
    assertThat(uploaded()).isEqualTo(here());
    Files.writeString(work.resolve("vl.yaml"), "no-insert: true\n");
    run();
    assertThat(uploaded()).isEqualTo(here());
    Files.writeString(work.resolve("vl.yaml"), "insert: false\n");
    run();
    assertThat(uploaded()).isEqualTo(here());
    run("--insert=copy");
    assertThat(uploaded()).contains(OURS);
  }

  @Test
  void onlyWhoSaysSoHasTheFileChangedAndNeverTwice() throws IOException {
    var mode = PosixFilePermissions.fromString("rwxr-x---");
    Files.setPosixFilePermissions(train, mode);
    var ran = run("--insert=file");
    assertThat(ran.err()).contains("+++ train.py\n", "train.py is changed");
    var changed = here();
    assertThat(changed).containsOnlyOnce(OURS);
    assertThat(Files.getPosixFilePermissions(train)).isEqualTo(mode);
    assertThat(uploaded()).isEqualTo(changed);
    assertThat(run("--insert=file").err()).doesNotContain("train.py");
    assertThat(here()).isEqualTo(changed);
    try (var left = Files.list(work)) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void onATerminalItIsAskedOnceForTheSameLinesAndShownInColour() throws IOException {
    var first = typing("what\ny\n");
    assertThat(first.err()).contains(QUESTION, "\033[32m+", "\033[36m@@");
    assertThat(uploaded()).contains(OURS);
    var second = typing("");
    assertThat(second.err()).contains("as before").doesNotContain(QUESTION);
    assertThat(uploaded()).contains(OURS);
    Files.writeString(train, here().replace("ema", "slowly"));
    assertThat(typing("n\n").err()).contains(QUESTION);
    assertThat(uploaded()).isEqualTo(here());
    assertThat(typing("").err()).contains("nothing is inserted into train.py, as before");
    assertThat(uploaded()).isEqualTo(here());
  }

  @Test
  void theQuestionCanBeAnsweredWithTheFileAndNoAnswerIsNo() throws IOException {
    var before = here();
    typing("");
    assertThat(uploaded()).isEqualTo(before);
    cli.environment.put("NO_COLOR", "1");
    assertThat(typing("f\n").err()).doesNotContain("\033");
    assertThat(here()).contains(OURS);
    assertThat(uploaded()).isEqualTo(here());
  }

  @Test
  void whereItIsNotSureTheReasonAndTheLinesAreSaid() throws IOException {
    Files.writeString(
        train,
        """
        import torch
        net = torch.nn.Linear(2, 1)
        opt = torch.optim.SGD(net.parameters(), lr=0.1)
        while True:
            net(torch.ones(2)).backward()
            opt.step()
        """);
    assertThat(run().err())
        .contains("nothing is inserted into train.py: its loop (line 4) is a while loop;")
        .contains("    from vaultlayer_checkpoint import restore, checkpoint\n")
        .contains("    done = restore(model=net, optimizer=opt)  # before line 4; 0 when fresh\n");
    assertThat(uploaded()).isEqualTo(here());
    Files.writeString(train, "import lightning, torch\n");
    assertThat(run().err()).contains("train.py uses Lightning, which has checkpoints of its own");
    Files.writeString(train, "import torch\nprint('no training')\n");
    assertThat(run().err()).doesNotContain("train.py");
    Files.writeString(train, "import torch\nfor i in range(3:\n");
    assertThat(run().err()).contains("train.py, which cannot be read: line 2");
  }

  @Test
  void pythonThatHidesTheHelperAndAMachineWithoutPythonGetNothing() throws IOException {
    var ran = cli.run("run", "--detach", "python3", "-I", "train.py");
    assertThat(ran.err()).contains("python -I hides the helper module from it");
    assertThat(uploaded()).isEqualTo(here());
    var bin = Files.createDirectory(directory.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("env"), Path.of("/usr/bin/env"));
    cli.environment.put("PATH", bin.toString());
    ran = cli.run("run", "--detach", "env", "python3", "train.py");
    assertThat(ran.err()).contains("there is no python3 here");
    assertThat(uploaded()).isEqualTo(here());
  }

  @Test
  void aPythonThatHangsOrTalksNonsenseIsNotBelieved() throws IOException {
    var python = Files.writeString(work.resolve("python3"), "#!/bin/sh\nyes '{'\n");
    Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwxr-xr-x"));
    var ran = cli.run("run", "--detach", "./python3", "train.py");
    assertThat(ran.exit()).isZero();
    assertThat(uploaded()).as("the python3 of the PATH is asked instead").contains(OURS);
  }
}
