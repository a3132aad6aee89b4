package io.vaultlayer.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessTreeTest {
  @TempDir Path directory;
  private final String label = "vl-test-" + UUID.randomUUID();
  private ProcessTree tree;

  @BeforeEach
  void adopt() {
    tree = new ProcessTree(label, directory.resolve("logs"));
    tree.adoptOrphans();
  }

  @AfterEach
  void leaveNothing() {
    assertThat(tree.kill()).isTrue();
  }

  private Child shell(String script) throws Exception {
    return Child.start(
        new Child.Order(
            "/bin/sh",
            List.of("sh", "-c", script),
            Map.of("PATH", "/usr/bin:/bin", ProcessTree.MARKER, label),
            directory,
            directory.resolve("out")));
  }

  private List<String> lines(int count) {
    Path out = directory.resolve("out");
    Awaitility.await()
        .atMost(Duration.ofMinutes(4))
        .until(() -> Files.exists(out) && Files.readAllLines(out).size() >= count);
    try {
      return Files.readAllLines(out);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static boolean alive(String pid) {
    return ProcessTable.row(Integer.parseInt(pid)).filter(row -> !row.zombie()).isPresent();
  }

  @Test
  void killReachesWhoLeftTheGroupTheSessionAndTheEnvironment() throws Exception {
    Child child =
        shell(
            "setsid sleep 60 & echo $!\n"
                + "setsid env -i sleep 61 & echo $!\n"
                + "(setsid sleep 62 & echo $!)\n"
                + "echo $$; wait");
    List<String> pids = lines(4);
    assertThat(pids).allMatch(ProcessTreeTest::alive);
    assertThat(tree.kill()).isTrue();
    assertThat(child.await()).isEqualTo(new Ending.Signalled(9));
    assertThat(pids).noneMatch(ProcessTreeTest::alive);
  }

  /**
   * As after an agent that was killed between starting a script and noting it. Here orphans come
   * back to this process, so the sign is looked at by itself.
   */
  @Test
  void whoClearedItsEnvironmentIsStillKnownByWhereItsOutputGoes() throws Exception {
    Files.createDirectories(directory.resolve("logs/e0001"));
    Path pid = directory.resolve("pid");
    shell("setsid env -i sh -c 'echo $$ >pid; exec sleep 60' >logs/e0001/output.log 2>&1 & wait");
    Awaitility.await()
        .atMost(Duration.ofMinutes(4))
        .until(() -> Files.exists(pid) && Files.size(pid) > 1);
    int script = Integer.parseInt(Files.readString(pid).strip());
    assertThat(ProcessTable.carries(script, ProcessTree.MARKER + "=" + label)).isFalse();
    assertThat(ProcessTable.writesBelow(script, directory.toRealPath().resolve("logs"))).isTrue();
    assertThat(ProcessTable.writesBelow(script, directory.toRealPath().resolve("log"))).isFalse();
  }

  @Test
  void killEndsATreeThatKeepsGrowing() throws Exception {
    shell("while :; do sleep 60 & sleep 0.01; done");
    Thread.sleep(200);
    assertThat(tree.kill()).isTrue();
    assertThat(tree.members()).isEmpty();
  }

  @Test
  void aFrozenTreeStandsStillAndAThawedOneGoesOn() throws Exception {
    Path ticks = directory.resolve("ticks");
    shell("setsid sh -c 'while :; do echo x >> ticks; sleep 0.02; done' & wait");
    Awaitility.await().until(() -> Files.exists(ticks));
    tree.freeze();
    long frozen = Files.size(ticks);
    Thread.sleep(300);
    assertThat(Files.size(ticks)).isEqualTo(frozen);
    tree.thaw();
    Awaitility.await().atMost(Duration.ofMinutes(4)).until(() -> Files.size(ticks) > frozen);
  }

  @Test
  void theTreeHoldsNeitherThisProcessNorTheOneAboveIt() throws Exception {
    shell("sleep 60");
    assertThat(tree.members())
        .isNotEmpty()
        .doesNotContain(
            (int) ProcessHandle.current().pid(),
            (int) ProcessHandle.current().parent().orElseThrow().pid());
  }

  @Test
  void endedOrphansAreTakenOffTheProcessTable() throws Exception {
    shell("(sleep 0.1 & echo $!); exec sleep 60");
    String orphan = lines(1).getFirst();
    Awaitility.await()
        .atMost(Duration.ofMinutes(4))
        .until(() -> {
          tree.members();
          return ProcessTable.row(Integer.parseInt(orphan)).isEmpty();
        });
  }
}
