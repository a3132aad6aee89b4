package io.vaultlayer.providers;

import static io.vaultlayer.providers.Rig.awaitDeath;
import static io.vaultlayer.providers.Rig.launch;
import static io.vaultlayer.providers.Rig.lives;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real processes; every look is taken by a new provider object, as after a restart of the plane.
 */
class LocalProviderTest {
  private static final String LABEL = "vl-me-job_1-e1-1";
  private static final String OTHER = "vl-me-job_2-e1-1";

  @TempDir Path temp;
  private Rig rig;

  @BeforeEach
  void makeRig() throws IOException {
    assumeTrue(LocalProcesses.supported(), "the local provider needs Linux's /proc");
    rig =
        new Rig(
            temp,
            // another session; a grandchild whose parent is dead; and one that wiped its marks
            "setsid sleep 601 & note fled $!",
            "(sh -c 'sleep 602 & echo $! > \"'$dir'/scratch/.o\"')",
            "mv \"$dir/scratch/.o\" \"$dir/scratch/orphan\"",
            "env -i setsid sleep 603 & note wiped $!");
  }

  @AfterEach
  void endAll() throws IOException {
    if (rig != null) {
      rig.close();
    }
  }

  @Test
  void anInstanceIsASessionOfItsOwnWithItsFolder() throws IOException {
    var created = rig.start(LABEL);
    var agent = rig.pid(LABEL, "ready");
    var running = LocalProcesses.read(agent).orElseThrow();
    assertThat(running.session()).isEqualTo(agent);
    assertThat(running.group()).isEqualTo(agent);
    assertThat(Files.readString(rig.scratch(LABEL, "bootstrap"))).isEqualTo("{\"token\":\"once\"}");
    assertThat(rig.folder(LABEL).resolve("bootstrap.json")).doesNotExist();
    var noted = Json.tree(Files.readString(rig.folder(LABEL).resolve("instance.json")));
    assertThat(noted.get("pid").asLong()).isEqualTo(agent);
    assertThat(noted.get("startTimeTicks").asLong()).isEqualTo(running.startTicks());
    assertThat(noted.get("instanceId").asText()).isEqualTo(created.instanceId());
    assertThat(noted.get("gpu").asText()).isEqualTo("cpu");
  }

  @Test
  void theBootstrapIsReadableByItsOwnerAlone() throws IOException {
    var sleeping = rig.provider(rig.instances(), List.of("/bin/sh", "-c", "sleep 600"));
    sleeping.create(launch(LABEL));
    assertThat(mode(rig.folder(LABEL).resolve("bootstrap.json"))).isEqualTo("rw-------");
    assertThat(mode(rig.folder(LABEL))).isEqualTo("rwx------");
  }

  @Test
  void anAgentGetsOnlyAFewVariablesAndItsMarks() throws IOException {
    rig.start(LABEL);
    var environ = Files.readString(Path.of("/proc/" + rig.pid(LABEL, "fled") + "/environ"));
    var names = new HashSet<String>();
    for (var entry : environ.split("\0")) {
      names.add(entry.substring(0, entry.indexOf('=')));
    }
    names.removeAll(
        Set.of("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"));
    names.removeAll(Set.of("PWD", "OLDPWD", "SHLVL", "_")); // the shell's own
    assertThat(names).containsExactlyInAnyOrder("VAULTLAYER_INSTANCE", "VAULTLAYER_INSTANCE_DIR");
    assertThat(environ).contains("VAULTLAYER_INSTANCE=" + LABEL);
  }

  @Test
  void aRunningInstanceIsListedAndDescribedForItsOwnerOnly() {
    var created = rig.start(LABEL);
    var list = rig.provider().list("me");
    assertThat(list.complete()).isTrue();
    assertThat(list.instances())
        .singleElement()
        .satisfies(seen -> {
          assertThat(seen.label()).isEqualTo(LABEL);
          assertThat(seen.instanceId()).isEqualTo(created.instanceId());
          assertThat(seen.machineId()).isEqualTo(created.machineId()).isNotBlank();
          assertThat(seen.sighting()).isEqualTo(Sighting.RUNNING);
        });
    assertThat(rig.provider().describe(LABEL)).isEqualTo(Sighting.RUNNING);
    assertThat(rig.provider().list("you").instances()).isEmpty();
    assertThat(rig.provider().describe(OTHER)).isEqualTo(Sighting.GONE);
    assertThat(rig.provider().describe("../../etc")).isEqualTo(Sighting.GONE);
  }

  @Test
  void terminateLeavesNoProcessInAnySession() {
    rig.start(LABEL);
    rig.start(OTHER);
    var pids = pids(LABEL);
    rig.provider().terminate(LABEL);
    assertThat(pids).noneMatch(Rig::lives);
    assertThat(rig.sighting(LABEL)).isNull();
    assertThat(rig.provider().describe(LABEL)).isEqualTo(Sighting.GONE);
    assertThat(pids(OTHER)).allMatch(Rig::lives);
    assertThat(rig.sighting(OTHER)).isEqualTo(Sighting.RUNNING);
    rig.provider().terminate(LABEL);
  }

  @Test
  void terminateByIdEndsThatInstanceAndNoOther() {
    var created = rig.start(LABEL);
    rig.provider().terminate(LABEL, "local-another");
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.RUNNING);
    rig.provider().terminate(LABEL, created.instanceId());
    assertThat(rig.sighting(LABEL)).isNull();
    rig.provider().terminate(LABEL, created.instanceId());
    rig.provider().terminate(OTHER, created.instanceId());
  }

  @Test
  void killTakesEverythingAtOnceAndCleansNothing() {
    rig.start(LABEL);
    var pids = pids(LABEL);
    rig.provider().kill(LABEL);
    assertThat(pids).noneMatch(Rig::lives);
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.GONE);
    assertThat(rig.scratch(LABEL, "ready")).exists();
    rig.provider().kill(LABEL);
    rig.provider().terminate(LABEL);
    assertThat(rig.sighting(LABEL)).isNull();
  }

  @Test
  void aDeadAgentWithLivingChildrenIsStoppedNotGone() throws Exception {
    rig.start(LABEL);
    long agent = rig.pid(LABEL, "ready");
    ProcessHandle.of(agent).orElseThrow().destroyForcibly();
    awaitDeath(agent);
    long fled = rig.pid(LABEL, "fled");
    long wiped = rig.pid(LABEL, "wiped");
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.STOPPED);
    assertThat(rig.provider().describe(LABEL)).isEqualTo(Sighting.STOPPED);
    rig.provider().terminate(LABEL);
    assertThat(lives(fled)).isFalse();
    // With its parent dead, its session its own and its environment wiped, nothing leads to it.
    ProcessHandle.of(wiped).ifPresent(ProcessHandle::destroyForcibly);
    assertThat(rig.sighting(LABEL)).isNull();
  }

  @Test
  void aStoppedAgentStillCountsAsRunningAndCanBeTerminated() throws Exception {
    rig.start(LABEL);
    long agent = rig.pid(LABEL, "ready");
    new ProcessBuilder("kill", "-STOP", Long.toString(agent)).start().waitFor();
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.RUNNING);
    rig.provider().terminate(LABEL);
    assertThat(lives(agent)).isFalse();
  }

  @Test
  void theSameLabelTwiceIsTheSameInstance() {
    var first = rig.start(LABEL);
    long agent = rig.pid(LABEL, "ready");
    rig.clock.advance(Duration.ofSeconds(1));
    assertThat(rig.provider().create(launch(LABEL))).isEqualTo(first);
    assertThat(rig.provider().list("me").instances()).hasSize(1);
    rig.provider().terminate(LABEL);
    assertThat(rig.provider().create(launch(LABEL))).isEqualTo(first);
    assertThat(lives(agent)).isFalse();
    assertThat(rig.sighting(LABEL)).isNull();
  }

  @Test
  void ofManyCreatesOfOneLabelAtOnceOneAgentStarts() throws Exception {
    try (var threads = Executors.newFixedThreadPool(4)) {
      var tasks =
          IntStream.range(0, 4)
              .<Callable<Creation>>mapToObj(_ -> () -> rig.provider().create(launch(LABEL)))
              .toList();
      var answers = new HashSet<Creation>();
      for (var future : threads.invokeAll(tasks)) {
        answers.add(future.get());
      }
      assertThat(answers).hasSize(1);
    }
    rig.start(LABEL);
    // Each agent ends by becoming this sleep.
    await().until(() -> agents(LABEL) > 0);
    assertThat(agents(LABEL)).isEqualTo(1);
  }

  @Test
  void aPlaneThatDiedBeforeNotingThePidFindsItsAgentAgain() throws IOException {
    var created = rig.start(LABEL);
    long agent = rig.pid(LABEL, "ready");
    // The agent has exec'ed sleep here, so one whose command line still names the folder is used.
    var waiting = rig.provider(rig.instances(), List.of("/bin/sh", "-c", "sleep 600; :", "agent"));
    var second = (Creation.Created) waiting.create(launch(OTHER));
    forgetPid(OTHER);
    assertThat(rig.sighting(OTHER)).isEqualTo(Sighting.RUNNING);
    assertThat(noted(OTHER, "pid")).isPositive();
    forgetPid(OTHER);
    assertThat(rig.provider().create(launch(OTHER))).isEqualTo(second);
    forgetPid(OTHER);
    rig.provider().terminate(OTHER);
    assertThat(rig.sighting(OTHER)).isNull();
    assertThat(created.instanceId()).isNotEqualTo(second.instanceId());
    assertThat(lives(agent)).isTrue();
  }

  @Test
  void anIntentWhoseAgentNeverStartedIsStartingThenGoneAndMayBeCreated() throws IOException {
    var folder = new LocalFolder(rig.folder(LABEL));
    Files.createDirectories(rig.instances());
    folder.make();
    folder.write(
        new LocalFolder.Instance(
            LABEL,
            0,
            0,
            LocalProcesses.bootId(),
            "local-x",
            "m",
            "cpu",
            rig.clock.instant().toString()));
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.STARTING);
    rig.clock.advance(Duration.ofSeconds(6));
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.GONE);
    rig.start(LABEL);
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.RUNNING);
  }

  @Test
  void aRecycledPidIsNeitherBelievedNorKilled() throws Exception {
    rig.start(LABEL);
    var bystander = new ProcessBuilder("setsid", "sleep", "604").start();
    try {
      await().until(() -> LocalProcesses.read(bystander.pid()).isPresent());
      long ticks = LocalProcesses.read(bystander.pid()).orElseThrow().startTicks();
      rig.provider().kill(LABEL);
      note(LABEL, bystander.pid(), ticks + 1, LocalProcesses.bootId());
      assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.GONE);
      rig.provider().kill(LABEL);
      note(LABEL, bystander.pid(), ticks, "an earlier boot");
      assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.GONE);
      rig.provider().kill(LABEL);
      rig.provider().terminate(LABEL);
      assertThat(bystander.isAlive()).isTrue();
    } finally {
      bystander.destroyForcibly();
    }
  }

  @Test
  void anotherHomesInstanceOfTheSameLabelIsLeftAlone() throws IOException {
    rig.start(LABEL);
    try (var elsewhere = new Rig(Files.createDirectory(temp.resolve("elsewhere")))) {
      elsewhere.start(LABEL);
      elsewhere.provider().terminate(LABEL);
      assertThat(elsewhere.sighting(LABEL)).isNull();
      assertThat(pids(LABEL)).allMatch(Rig::lives);
    }
  }

  @Test
  void processesAreFoundAlsoWhenTheirFolderIsGone() {
    rig.start(LABEL);
    var pids = List.of(rig.pid(LABEL, "ready"), rig.pid(LABEL, "fled"));
    LocalFolder.delete(rig.instances());
    assertThat(rig.sighting(LABEL)).isIn(Sighting.STOPPED, Sighting.RUNNING);
    rig.provider().terminate(LABEL);
    assertThat(pids).noneMatch(Rig::lives);
    assertThat(rig.sighting(LABEL)).isNull();
  }

  @Test
  void aDamagedRecordHidesNothing() throws IOException {
    rig.start(LABEL);
    rig.start(OTHER);
    Files.writeString(rig.folder(LABEL).resolve("instance.json"), "{\"label\":");
    assertThat(rig.sighting(OTHER)).isEqualTo(Sighting.RUNNING);
    assertThat(rig.sighting(LABEL)).isEqualTo(Sighting.STOPPED);
    rig.provider().terminate(LABEL);
    assertThat(rig.sighting(LABEL)).isNull();
  }

  @Test
  void aRecordThatCannotBeReadHidesNoOtherInstance() throws IOException {
    for (var label : List.of("vl-me-a-e1-1", "vl-me-b-e1-1", "vl-me-c-e1-1")) {
      rig.start(label);
    }
    rig.provider().kill("vl-me-b-e1-1");
    unreadable("vl-me-a-e1-1");
    unreadable("vl-me-b-e1-1");

    var list = rig.provider().list(Rig.OWNER);
    assertThat(list.complete()).isTrue();
    assertThat(rig.sighting("vl-me-a-e1-1")).isEqualTo(Sighting.RUNNING);
    assertThat(rig.sighting("vl-me-b-e1-1")).isEqualTo(Sighting.UNKNOWN);
    assertThat(rig.sighting("vl-me-c-e1-1")).isEqualTo(Sighting.RUNNING);
    assertThat(rig.provider().describe("vl-me-a-e1-1")).isEqualTo(Sighting.UNKNOWN);

    for (var label : List.of("vl-me-a-e1-1", "vl-me-b-e1-1")) {
      assertThatThrownBy(() -> rig.provider().terminate(label)).isInstanceOf(ProviderFailure.class);
      Files.delete(rig.folder(label).resolve("instance.json"));
      Files.move(rig.folder(label).resolve("aside"), rig.folder(label).resolve("instance.json"));
    }
    rig.provider().terminate("vl-me-a-e1-1");
    assertThat(rig.sighting("vl-me-a-e1-1")).isNull();
  }

  /** No record follows a link. */
  private void unreadable(String label) throws IOException {
    var record = rig.folder(label).resolve("instance.json");
    var aside = rig.folder(label).resolve("aside");
    Files.move(record, aside);
    Files.createSymbolicLink(record, aside);
  }

  @Test
  void cleaningNeverFollowsALinkOut() throws IOException {
    var outside = Files.createDirectory(temp.resolve("outside"));
    Files.writeString(outside.resolve("precious"), "data");
    rig.start(LABEL);
    Files.writeString(rig.folder(LABEL).resolve("token"), "t0k3n");
    Files.createSymbolicLink(rig.scratch(LABEL, "link"), outside);
    Files.createSymbolicLink(rig.scratch(LABEL, "file"), outside.resolve("precious"));
    var closed = Files.createDirectories(rig.scratch(LABEL, "closed/deep"));
    Files.writeString(closed.resolve("f"), "x");
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    Files.setPosixFilePermissions(closed.getParent(), PosixFilePermissions.fromString("---------"));
    rig.provider().terminate(LABEL);
    assertThat(outside.resolve("precious")).hasContent("data");
    assertThat(rig.folder(LABEL).toFile().list())
        .containsExactlyInAnyOrder("instance.json", "ended.json", "agent.log");
  }

  @Test
  void twentyEndedInstancesAreKeptForADay() {
    var quick = rig.provider(rig.instances(), List.of("/bin/true"));
    for (int i = 1; i <= 22; i++) {
      var label = "vl-me-job_1-e1-" + i;
      quick.create(launch(label));
      rig.clock.advance(Duration.ofMinutes(1));
      quick.terminate(label);
      rig.clock.advance(Duration.ofMinutes(1));
    }
    assertThat(rig.folder("vl-me-job_1-e1-2")).doesNotExist();
    assertThat(rig.folder("vl-me-job_1-e1-3")).exists();
    assertThat(rig.folder("vl-me-job_1-e1-22")).exists();
    rig.clock.advance(Duration.ofHours(25));
    quick.create(launch(OTHER));
    quick.terminate(OTHER);
    assertThat(rig.instances().toFile().list()).containsExactly(OTHER);
  }

  @Test
  void whatDiedByItselfIsEndedWhenTheNextOneStarts() {
    rig.start(LABEL);
    rig.provider().kill(LABEL);
    rig.start(OTHER);
    assertThat(rig.sighting(LABEL)).isNull();
    assertThat(rig.folder(LABEL).resolve("scratch")).doesNotExist();
    assertThat(rig.folder(LABEL).resolve("agent.log")).exists();
    assertThat(rig.sighting(OTHER)).isEqualTo(Sighting.RUNNING);
  }

  @Test
  void whatCannotBeStartedIsRefusedAndLeavesNothing() throws IOException {
    var absent = rig.provider(rig.instances(), List.of("/no/such/agent"));
    assertThat(absent.create(launch(LABEL)))
        .isInstanceOfSatisfying(
            Creation.Refused.class,
            refused -> {
              assertThat(refused.why()).isEqualTo(Refusal.INVALID);
              assertThat(refused.detail()).contains("/no/such/agent").doesNotContain("once");
            });
    assertThat(rig.folder(LABEL)).doesNotExist();
    assertThat(rig.provider().create(launch("vl-me/../x"))).isInstanceOf(Creation.Refused.class);
    var file = Files.writeString(temp.resolve("file"), "");
    var blocked = rig.provider(file.resolve("instances"), List.of("/bin/true"));
    assertThat(blocked.create(launch(LABEL)))
        .isInstanceOfSatisfying(
            Creation.Refused.class,
            refused -> {
              assertThat(refused.why()).isEqualTo(Refusal.ACCOUNT);
              assertThat(refused.detail()).contains(file.toString());
            });
  }

  private List<Long> pids(String label) {
    return List.of(
        rig.pid(label, "ready"),
        rig.pid(label, "fled"),
        rig.pid(label, "orphan"),
        rig.pid(label, "wiped"));
  }

  private long agents(String label) throws IOException {
    return new LocalProcesses(rig.instances())
        .look().marked().get(label).stream()
            .filter(pid -> cmdline(pid).startsWith("sleep\000600"))
            .count();
  }

  private void forgetPid(String label) throws IOException {
    note(label, 0, 0, LocalProcesses.bootId());
  }

  private void note(String label, long pid, long ticks, String boot) throws IOException {
    var folder = new LocalFolder(rig.folder(label));
    folder.write(folder.instance().orElseThrow().running(pid, ticks, boot));
  }

  private long noted(String label, String field) throws IOException {
    return Json.tree(Files.readString(rig.folder(label).resolve("instance.json")))
        .get(field)
        .asLong();
  }

  private static String cmdline(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"));
    } catch (IOException gone) {
      return "";
    }
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
