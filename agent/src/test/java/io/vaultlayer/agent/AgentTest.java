package io.vaultlayer.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.gpu.FakeSmi;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.GpuFigures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From launch to exit, with real processes. */
class AgentTest {
  private static final String EVERYTHING =
      """
      echo "job $VAULTLAYER_JOB_ID attempt $VAULTLAYER_ATTEMPT $GREETING"
      echo "resume ${VAULTLAYER_RESUME_STEP-unset}"
      case "$PYTHONPATH" in */python*) echo python;; esac
      [ "$CHECKPOINT_DIR" = "$VAULTLAYER_CHECKPOINT_DIR" ] && echo same
      cat data.txt
      for i in 1 2 3; do echo "step $i/3 loss 0.$i"; sleep 0.3; done
      echo result > "$VL_OUTPUT_DIR/answer.txt"
      env | grep -i token
      exit 0
      """;

  @TempDir Path directory;

  @Test
  void aScriptRunsFromItsLaunchToItsStoredOutputs() throws Exception {
    try (var scene = new AgentScene(directory, "")) {
      scene.workdir(Map.of("train.sh", EVERYTHING, "data.txt", "data\n"));
      scene.environment = Map.of("GREETING", "it's \"me\"; $(x)");
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      AttemptApi.Exit exit = scene.exit();
      assertThat(exit.outcome()).isEqualTo("succeeded");
      assertThat(exit.firstStep()).isEqualTo(1);
      assertThat(exit.lastStep()).isEqualTo(3);
      assertThat(exit.outputsManifestKey())
          .isEqualTo(BucketLayout.outputsManifest(AgentScene.JOB, 1));
      assertThat(scene.shipped(1))
          .isEqualTo(
              """
              job job_01test attempt 1 it's "me"; $(x)
              resume unset
              python
              same
              data
              step 1/3 loss 0.1
              step 2/3 loss 0.2
              step 3/3 loss 0.3
              """);
      assertThat(directory.resolve("token")).doesNotExist();
      assertThat(directory.resolve("bootstrap.json")).doesNotExist();
    }
  }

  @Test
  void beatsTellPhaseStepsAndLossUnderGrowingNumbers() throws Exception {
    try (var scene =
        new AgentScene(directory, "for i in 10 20 30; do echo step $i loss 1.$i; sleep 1; done")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      List<AttemptApi.Heartbeat> beats = scene.plane.bodies(AttemptApi.Heartbeat.class);
      assertThat(beats).extracting(AttemptApi.Heartbeat::beat).isSorted().doesNotHaveDuplicates();
      assertThat(beats).extracting(AttemptApi.Heartbeat::phase).contains("fetching", "running");
      assertThat(beats)
          .anySatisfy(beat -> {
            assertThat(beat.step()).isEqualTo(20);
            assertThat(beat.firstStep()).isEqualTo(1);
            assertThat(beat.loss()).isEqualTo(1.2);
            assertThat(beat.stepsPerSecond()).isPositive();
            assertThat(beat.secondsSinceStep()).isNotNegative();
          });
    }
  }

  @Test
  void beatsCarryTheFiguresOfTheGpusAndAnEndBesideBrokenOnesIsNotTheUsersFailure()
      throws Exception {
    var smi = new FakeSmi(Files.createDirectory(directory.resolve("host")));
    smi.devices(FakeSmi.device(0, 97, 40000, 81920, 64, 300, 0));
    try (var scene =
        new AgentScene(directory, "while [ ! -e ../go ]; do sleep 0.1; done; exit 1\n")) {
      scene.hostEnvironment = smi.environment();
      scene.launch();
      scene.await(() ->
          scene.plane.bodies(AttemptApi.Heartbeat.class).stream()
              .anyMatch(beat -> GpuFigures.parse(beat.gpus()).isPresent()));
      smi.devices(FakeSmi.device(0, 97, 40000, 81920, 64, 300, 3));
      Files.createFile(directory.resolve("scratch/go"));
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("unhealthy");
      assertThat(scene.exit().detail()).contains("3 uncorrectable memory errors");
    }
  }

  @Test
  void aProgramThatFailsIsReportedWithItsCode() throws Exception {
    try (var scene = new AgentScene(directory, "echo broken >&2; exit 3")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      AttemptApi.Exit exit = scene.exit();
      assertThat(exit.outcome()).isEqualTo("failed");
      assertThat(exit.reason()).isEqualTo("user_program_failed");
      assertThat(exit.exitCode()).isEqualTo(3);
      assertThat(exit.detail()).isEqualTo("exited with code 3");
      assertThat(scene.shipped(1)).isEqualTo("broken\n");
    }
  }

  @Test
  void aProgramThatIsNotThereIsNamed() throws Exception {
    try (var scene = new AgentScene(directory, "")) {
      scene.command = List.of("no-such-program", "x");
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().reason()).isEqualTo("program_not_found");
      assertThat(scene.exit().detail()).contains("no-such-program");
    }
  }

  @Test
  void anExitCodeThatTheUserNamedAsksForAnotherStart() throws Exception {
    try (var scene =
        new AgentScene(directory, "[ \"$VAULTLAYER_ATTEMPT\" = 1 ] && exit 75\nexit 0\n")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.plane.bodies(AttemptApi.Next.class).getFirst().detail())
          .contains("exit code 75");
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
    }
  }

  @Test
  void anEndByBrokenHardwareIsNotTheUsersFailure() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            "echo 'RuntimeError: CUDA error: uncorrectable ECC error encountered' >&2\nexit 1\n")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("unhealthy");
      assertThat(scene.exit().detail()).contains("uncorrectable ECC");
    }
  }

  @Test
  void anExitWith137IsTheUsersFailure() throws Exception {
    try (var scene = new AgentScene(directory, "exit 137")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("failed");
      assertThat(scene.exit().exitCode()).isEqualTo(137);
    }
  }

  @Test
  void aSignalOfItsOwnIsTheProgramsFailure() throws Exception {
    try (var scene = new AgentScene(directory, "kill -SEGV $$")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("failed");
      assertThat(scene.exit().signal()).isEqualTo(11);
      assertThat(scene.exit().detail()).contains("SIGSEGV");
    }
  }

  @Test
  void aKilledTrainingIsTakenUpInTheNextEpochInTheSamePlace() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            """
            setsid sleep 60 & echo "child $!"
            echo "pid $$"
            [ "$VAULTLAYER_ATTEMPT" = 1 ] && sleep 60
            [ -e left-over ] && exit 4
            touch left-over
            exit 0
            """)) {
      scene.launch();
      String pid = scene.printed(1, "pid ");
      AgentScene.signal("KILL", Long.parseLong(pid));
      assertThat(scene.exitCode()).isZero();
      AttemptApi.Next next = scene.plane.bodies(AttemptApi.Next.class).getFirst();
      assertThat(next.outcome()).isEqualTo("lost");
      assertThat(next.detail()).contains("SIGKILL");
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      assertThat(AgentScene.alive(scene.printed(1, "child "))).isFalse();
      assertThat(AgentScene.alive(scene.printed(2, "child "))).isFalse();
      assertThat(scene.shipped(1)).contains("pid " + pid);
      assertThat(scene.shipped(2)).contains("pid ");
    }
  }

  @Test
  void aStalledTrainingIsEndedAndStartedAnewInPlaceWithWhatItSaved() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            """
            trap '' TERM
            if [ "$VAULTLAYER_ATTEMPT" != 1 ]; then echo "from $VAULTLAYER_RESUME_FROM"; exit 0; fi
            mkdir "$VAULTLAYER_CHECKPOINT_DIR/checkpoint-7"
            echo saved > "$VAULTLAYER_CHECKPOINT_DIR/checkpoint-7/weights.txt"
            echo "hangs $$"
            sleep 60
            """)) {
      scene.launch();
      String pid = scene.printed(1, "hangs ");
      scene.await(() -> !scene.plane.bodies(AttemptApi.Commit.class).isEmpty());
      scene.plane.restart();
      assertThat(scene.exitCode()).isZero();
      assertThat(AgentScene.alive(pid)).isFalse();
      AttemptApi.Next next = scene.plane.bodies(AttemptApi.Next.class).getFirst();
      assertThat(next.outcome()).isEqualTo("stalled");
      assertThat(scene.plane.bodies(AttemptApi.Next.class)).hasSize(1);
      assertThat(scene.plane.bodies(AttemptApi.Commit.class))
          .extracting(AttemptApi.Commit::step)
          .containsExactly(7L);
      assertThat(scene.printed(2, "from ")).endsWith("checkpoint-7");
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      assertThat(scene.agentLog()).contains("stalled");
    }
  }

  @Test
  void whenNoFurtherAttemptIsAllowedTheAgentEnds() throws Exception {
    try (var scene = new AgentScene(directory, "kill -KILL $$")) {
      scene.plane.lastAttempt();
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.plane.bodies(AttemptApi.Exit.class)).isEmpty();
      assertThat(scene.agentLog()).contains("no_progress");
    }
  }

  @Test
  void aSetupThatFailsIsShownAndNothingIsStarted() throws Exception {
    try (var scene = new AgentScene(directory, "echo never")) {
      scene.setup = "echo \"installing $1 it's\"\nfalse || exit 7";
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().reason()).isEqualTo("setup_failed");
      assertThat(scene.exit().exitCode()).isEqualTo(7);
      assertThat(scene.shipped(1)).isEqualTo("installing  it's\n");
    }
  }

  @Test
  void pythonIsPython3WherePythonIsNot() throws Exception {
    Path bin = Files.createDirectory(directory.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("python3"), Path.of("/bin/sh"));
    try (var scene = new AgentScene(directory, "echo hello")) {
      scene.command = List.of("python", "train.sh");
      scene.environment = Map.of("PATH", bin.toString());
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.shipped(1))
          .isEqualTo("[vaultlayer] there is no python here; using python3\nhello\n");
    }
  }

  @Test
  void registerIsAskedAgainUntilThePredecessorHasDrained() throws Exception {
    try (var scene = new AgentScene(directory, "exit 0")) {
      scene.plane.notYet(2);
      scene.plane.loseAnswers(1);
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      assertThat(scene.plane.refusals()).contains("not_yet");
    }
  }

  @Test
  void aLaunchThatIsNoLongerWantedStartsNothing() throws Exception {
    try (var scene = new AgentScene(directory, "echo never")) {
      scene.plane.fence();
      scene.launch();
      assertThat(scene.exitCode()).isEqualTo(9);
      assertThat(scene.agentLog()).contains("fenced: epoch 1 is no longer ours; stopping");
      assertThat(scene.output(1)).doesNotExist();
      assertThat(scene.bucket.calls()).isEmpty();
    }
  }

  @Test
  void aDamagedWorkDirectoryIsRefused() throws Exception {
    try (var scene = new AgentScene(directory, "echo never")) {
      scene.bucket.objects().replaceAll((key, bytes) -> new byte[bytes.length]);
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().reason()).isEqualTo("workdir_damaged");
    }
  }

  @Test
  void theRunThatMakesTheCacheRunsAWholeAttempt() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dvaultlayer.train=true",
                "-cp",
                System.getProperty("java.class.path"),
                "io.vaultlayer.agent.AgentMain")
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
  }
}
