package io.vaultlayer.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fences, pauses, silence, reclaims and killed agents, with real processes. */
class AgentTroubleTest {
  /** Prints its pid and that of a child in another session, then ticks into a file. */
  private static final String TICKS =
      """
      setsid sh -c 'while :; do echo x >> ticks; sleep 0.05; done' & echo "child $!"
      echo "pid $$"
      while :; do echo y >> own; sleep 0.05; done
      """;

  @TempDir Path directory;

  private long ticks() throws Exception {
    Path ticks = directory.resolve("scratch/work/ticks");
    return Files.exists(ticks) ? Files.size(ticks) : 0;
  }

  private boolean standsStill() throws Exception {
    long before = ticks();
    Thread.sleep(300);
    return ticks() == before;
  }

  @Test
  void aFencedAgentKillsItsWholeTreeAndSaysSo() throws Exception {
    try (var scene = new AgentScene(directory, TICKS)) {
      scene.launch();
      String pid = scene.printed(1, "pid ");
      String child = scene.printed(1, "child ");
      scene.plane.fence();
      assertThat(scene.exitCode()).isEqualTo(9);
      assertThat(scene.agentLog()).contains("fenced: epoch 1 is no longer ours; stopping");
      assertThat(AgentScene.alive(pid)).isFalse();
      assertThat(AgentScene.alive(child)).isFalse();
      assertThat(directory.resolve("token")).doesNotExist();
      assertThat(scene.plane.bodies(AttemptApi.Exit.class)).isEmpty();
      assertThat(scene.plane.bodies(AttemptApi.Next.class)).isEmpty();
    }
  }

  @Test
  void aHostThatWasPausedPastItsLeaseAsksBeforeItWrites() throws Exception {
    try (var scene =
        new AgentScene(directory, TICKS.replace("echo y >> own", "echo line; echo y >> own"))) {
      scene.launch();
      long pid = Long.parseLong(scene.printed(1, "pid "));
      long child = Long.parseLong(scene.printed(1, "child "));
      scene.await(() -> scene.bucket.count("PUT", "/logs/") > 2);
      AgentScene.signal("STOP", scene.agent().pid());
      // The script goes on while its agent stands still: there will be something to upload.
      Thread.sleep(4_500);
      AgentScene.signal("STOP", pid, child);
      scene.plane.fence();
      long puts = scene.bucket.count("PUT", "");
      AgentScene.signal("CONT", pid, child, scene.agent().pid());
      assertThat(scene.exitCode()).isEqualTo(9);
      assertThat(scene.bucket.count("PUT", "")).isEqualTo(puts);
      assertThat(scene.agentLog()).contains("fenced: epoch 1 is no longer ours; stopping");
      assertThat(AgentScene.alive("" + pid)).isFalse();
      assertThat(AgentScene.alive("" + child)).isFalse();
    }
  }

  @Test
  void whenNobodyAnswersTheTrainingIsParkedAndWokenAgain() throws Exception {
    try (var scene = new AgentScene(directory, TICKS)) {
      scene.leaseSeconds = 2;
      scene.parkSeconds = 3;
      scene.launch();
      scene.await(() -> ticks() > 0);
      scene.plane.down(true);
      // Not by its silence alone: on a busy machine it stands still by itself.
      scene.await(() -> scene.agentLog().contains("frozen"));
      scene.await(this::standsStill);
      long parked = ticks();
      scene.plane.down(false);
      scene.await(() -> ticks() > parked);
      scene.await(() -> scene.agentLog().contains("thawed"));
      assertThat(scene.agent().isAlive()).isTrue();
    }
  }

  @Test
  void whenNobodyAnswersForTooLongEverythingEnds() throws Exception {
    try (var scene = new AgentScene(directory, TICKS)) {
      scene.leaseSeconds = 1;
      scene.parkSeconds = 2;
      scene.deadManSeconds = 3;
      scene.launch();
      String child = scene.printed(1, "child ");
      scene.plane.down(true);
      assertThat(scene.exitCode()).isEqualTo(4);
      assertThat(AgentScene.alive(child)).isFalse();
      assertThat(directory.resolve("token")).doesNotExist();
    }
  }

  @Test
  void aTerminatedAgentLetsTheScriptSaveAndReportsAReclaim() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            "trap 'echo saving; exit 0' TERM; echo pid $$; while :; do sleep 0.05; done")) {
      scene.launch();
      scene.printed(1, "pid ");
      AgentScene.signal("TERM", scene.agent().pid());
      scene.exitCode();
      assertThat(scene.exit().outcome()).isEqualTo("reclaimed");
      assertThat(scene.exit().exitCode()).isZero();
      assertThat(scene.shipped(1)).contains("saving");
      assertThat(scene.plane.bodies(AttemptApi.Reclaim.class)).hasSize(1);
    }
  }

  @Test
  void anExitWith0OnAShutdownsSignalIsNotDone() throws Exception {
    try (var scene =
        new AgentScene(
            directory, "trap 'exit 0' TERM; echo pid $$; while :; do sleep 0.05; done")) {
      scene.launch();
      long pid = Long.parseLong(scene.printed(1, "pid "));
      // As a shutdown does: everybody, the script first.
      AgentScene.signal("TERM", pid, scene.agent().pid());
      scene.exitCode();
      assertThat(scene.exit().outcome()).isEqualTo("reclaimed");
    }
  }

  @Test
  void aNoticeOfTheHostIsForwardedAndAScriptThatDoesNotEndIsEnded() throws Exception {
    try (var scene =
        new AgentScene(
            directory, "trap 'echo not now' TERM; echo pid $$; while :; do sleep 0.05; done")) {
      scene.launch();
      String pid = scene.printed(1, "pid ");
      Files.writeString(directory.resolve("reclaim"), "3\n");
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("reclaimed");
      assertThat(scene.exit().detail()).contains("did not end by itself");
      assertThat(scene.plane.bodies(AttemptApi.Reclaim.class).getFirst().noticeSeconds())
          .isEqualTo(3);
      assertThat(scene.shipped(1)).contains("not now");
      assertThat(AgentScene.alive(pid)).isFalse();
    }
  }

  @Test
  void aScriptThatIsTerminatedByAStrangerHasFailed() throws Exception {
    try (var scene = new AgentScene(directory, "kill -TERM $$; sleep 9")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("failed");
      assertThat(scene.exit().signal()).isEqualTo(15);
    }
  }

  @Test
  void anAgentThatIsStartedAgainKillsWhatRunsAndTakesTheNextEpoch() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            "echo \"pid $$\"; [ \"$VAULTLAYER_ATTEMPT\" = 2 ] || exec env -i /bin/sleep 60")) {
      scene.launch();
      String pid = scene.printed(1, "pid ");
      scene.await(() -> !scene.plane.bodies(AttemptApi.Heartbeat.class).isEmpty());
      AgentScene.signal("KILL", scene.agent().pid());
      scene.agent().waitFor();
      assertThat(AgentScene.alive(pid)).isTrue();
      scene.start();
      assertThat(scene.exitCode()).isZero();
      assertThat(AgentScene.alive(pid)).isFalse();
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      assertThat(scene.printed(2, "pid ")).isNotEqualTo(pid);
      assertThat(scene.plane.refusals()).isEmpty();
    }
  }

  @Test
  void aNextWhoseAnswerIsLostIsAskedAgainWithTheSameToken() throws Exception {
    try (var scene =
        new AgentScene(
            directory, "[ \"$VAULTLAYER_ATTEMPT\" = 2 ] || { sleep 0.5; kill -KILL $$; }")) {
      scene.launch();
      scene.await(() -> Files.exists(directory.resolve("scratch/logs")));
      scene.await(
          () -> scene.agentLog().contains("\"ended\"") || scene.output(1).toFile().exists());
      scene.plane.loseAnswersOf("next", 1);
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.exit().outcome()).isEqualTo("succeeded");
      assertThat(scene.plane.bodies(AttemptApi.Next.class)).hasSize(1);
    }
  }

  @Test
  void allOutputArrivesInOrderWithoutLossOrDoubling() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            """
            seq 1 900000
            printf 'caf\\303\\251 without end'
            """)) {
      scene.bucket.faults(call ->
          call.key().endsWith("00000002.log") && scene.bucket.count("PUT", "00000002.log") < 3
              ? io.vaultlayer.agent.s3.LoopbackBucket.Fault.LOST_ANSWER
              : io.vaultlayer.agent.s3.LoopbackBucket.Fault.NONE);
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      String shipped = scene.shipped(1);
      assertThat(shipped).endsWith("900000\ncaf\u00e9 without end");
      assertThat(shipped.lines().count()).isEqualTo(900_001);
      assertThat(shipped).isEqualTo(Files.readString(scene.output(1)));
    }
  }

  @Test
  void theDyingTailOfAKilledTrainingIsShipped() throws Exception {
    try (var scene =
        new AgentScene(
            directory,
            "[ \"$VAULTLAYER_ATTEMPT\" = 2 ] && exit 0; echo first; echo last words; kill -KILL $$")) {
      scene.launch();
      assertThat(scene.exitCode()).isZero();
      assertThat(scene.shipped(1)).isEqualTo("first\nlast words\n");
    }
  }

  @Test
  void noSecretIsWrittenDown() throws Exception {
    try (var scene = new AgentScene(directory, "env; ls -la ..; sleep 1")) {
      scene.launch();
      scene.await(() -> Files.exists(directory.resolve("token")));
      String token = Files.readString(directory.resolve("token"));
      assertThat(Files.getPosixFilePermissions(directory.resolve("token"))).hasSize(2);
      assertThat(scene.exitCode()).isZero();
      String written =
          scene.agentLog()
              + scene.shipped(1)
              + Files.readString(directory.resolve("agent-state.json"));
      assertThat(written)
          .doesNotContain(token)
          .doesNotContain(FakePlane.BOOTSTRAP)
          .doesNotContain(scene.bucket.credentials().secretAccessKey())
          .doesNotContain(scene.bucket.credentials().sessionToken());
      assertThat(List.of(Json.render(scene.exit()))).noneMatch(text -> text.contains(token));
    }
  }
}
