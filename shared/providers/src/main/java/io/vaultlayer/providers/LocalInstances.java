package io.vaultlayer.providers;

import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.providers.LocalFolder.Instance;
import io.vaultlayer.providers.LocalProcesses.Running;
import io.vaultlayer.providers.LocalProcesses.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/** Which local instances exist, what they are doing, and their end. */
final class LocalInstances {
  /** Ended instances whose logs are kept, and for how long: enough to look into a bad night. */
  private static final int MOST_ENDED = 20;

  private static final String UNFILED = "local-unfiled";

  private static final Duration LONGEST_KEPT = Duration.ofHours(24);

  /** More folders than any machine runs instances; beyond it a list says that it is incomplete. */
  private static final int MOST_FOLDERS = 10_000;

  /** An intent this old whose agent never started belongs to a plane that died. */
  private static final Duration UNSTARTED = Duration.ofMinutes(10);

  /** Killed processes go at once, unless the kernel holds one in a disk's queue. */
  private static final Duration END = Duration.ofSeconds(10);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

  private static final Lock[] LOCKS =
      Stream.generate(ReentrantLock::new).limit(64).toArray(Lock[]::new);

  private final Path dir;
  private final InstantSource clock;
  private final LocalProcesses processes;

  LocalInstances(Path dir, InstantSource clock) {
    this.dir = real(dir);
    this.clock = clock;
    processes = new LocalProcesses(this.dir);
  }

  /** One spelling of the folder for ever: it is compared with what processes were started with. */
  Path dir() {
    return dir;
  }

  /** Creating and ending one instance exclude each other, in this process. */
  Lock lock(String label) {
    return LOCKS[Math.floorMod(dir.resolve(label).hashCode(), LOCKS.length)];
  }

  LocalFolder folder(String label) {
    return new LocalFolder(dir.resolve(label));
  }

  /** True when the label's agent runs or ran, whoever noted it. */
  boolean wasStarted(LocalFolder folder, Instance instance) throws IOException {
    return instance.pid() != 0
        || folder.ended().isPresent()
        || isUnnotedAgent(folder, Optional.of(instance), processes.look());
  }

  /**
   * Instances that have not been ended; those whose processes died by themselves are GONE. What
   * runs with our marks is shown whether or not its folder is still there.
   */
  Inventory list(String prefix, Duration visibility) throws IOException {
    var askedAt = clock.instant();
    var folders = folders();
    var now = processes.look();
    var unfiled = new TreeSet<>(now.marked().keySet());
    var seen = new ArrayList<Seen>();
    for (var folder : folders) {
      if (folder.label().startsWith(prefix)) {
        seen(folder, now, visibility)
            .ifPresent(one -> {
              unfiled.remove(folder.label());
              seen.add(one);
            });
      }
    }
    for (var label : unfiled) {
      if (label.startsWith(prefix)) {
        var sighting = sighting(folder(label), Optional.empty(), now, visibility);
        seen.add(new Seen(label, UNFILED, LocalMachine.id(), sighting));
      }
    }
    return new Inventory(askedAt, folders.size() < MOST_FOLDERS, seen);
  }

  /**
   * Empty when it was ended, or never begun. A folder that cannot be looked into is shown, because
   * it may be an instance, and does not hide the others: what runs with its marks is known from
   * elsewhere, and nothing else about it is.
   */
  private Optional<Seen> seen(LocalFolder folder, Snapshot now, Duration visibility) {
    try {
      var instance = folder.instance();
      if (instance.isEmpty() || !isOpen(folder, now)) {
        return Optional.empty();
      }
      return Optional.of(
          new Seen(
              folder.label(),
              instance.get().instanceId(),
              instance.get().machineId(),
              sighting(folder, instance, now, visibility)));
    } catch (IOException unreadable) {
      // Which of its processes is the agent is not known, so nobody says that the agent is gone.
      var sighting = now.marked().containsKey(folder.label()) ? Sighting.RUNNING : Sighting.UNKNOWN;
      return Optional.of(new Seen(folder.label(), "local-unreadable", LocalMachine.id(), sighting));
    }
  }

  private static boolean isOpen(LocalFolder folder, Snapshot now) throws IOException {
    return folder.ended().isEmpty() || now.marked().containsKey(folder.label());
  }

  Sighting describe(String label, Duration visibility) throws IOException {
    var folder = folder(label);
    var now = processes.look();
    return isOpen(folder, now)
        ? sighting(folder, folder.instance(), now, visibility)
        : Sighting.GONE;
  }

  /** True when the label's instance has this id; what lost its folder has the unfiled one. */
  boolean isInstance(String label, String instanceId) throws IOException {
    return folder(label).instance().map(Instance::instanceId).orElse(UNFILED).equals(instanceId);
  }

  /** Ends the instance for good and keeps its logs for a while. */
  void terminate(String label) throws IOException, InterruptedException {
    var folder = folder(label);
    var instance = folder.instance();
    killAll(label, pid(leader(instance, processes.look())));
    if (instance.isPresent() && folder.ended().isEmpty()) {
      folder.writeEnded(clock.instant());
    }
    tidy();
  }

  /** Takes the instance away as a lost machine would, with everything that fled elsewhere. */
  void kill(String label) throws IOException, InterruptedException {
    var now = processes.look();
    var leader = leader(folder(label).instance(), now);
    if (leader.isPresent()) {
      LocalProcesses.killGroup(leader.get());
    }
    killAll(label, LocalProcesses.family(now, label, pid(leader)));
  }

  /**
   * Kills until nothing of the instance is left.
   *
   * @param leader the agent's pid, where it is known to be the agent's at this moment
   */
  void killAll(String label, OptionalLong leader) throws IOException, InterruptedException {
    killAll(label, LocalProcesses.family(processes.look(), label, leader));
  }

  /**
   * The first ones are named, because with their parents dead nothing may lead to them any more.
   */
  private void killAll(String label, List<Running> first) throws IOException, InterruptedException {
    var left = new HashSet<>(first);
    long tries = END.dividedBy(LOOK_AGAIN);
    for (long i = 0; i < tries; i++) {
      left.removeIf(running -> !LocalProcesses.lives(running));
      left.addAll(LocalProcesses.family(processes.look(), label, OptionalLong.empty()));
      if (left.isEmpty()) {
        return;
      }
      left.forEach(LocalProcesses::kill);
      TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN.toMillis());
    }
    throw new ProviderFailure(
        "local: processes of " + label + " are still there " + END.toSeconds() + " s after SIGKILL",
        null);
  }

  private Sighting sighting(
      LocalFolder folder, Optional<Instance> noted, Snapshot now, Duration visibility)
      throws IOException {
    if (leader(noted, now).isPresent() || isUnnotedAgent(folder, noted, now)) {
      return Sighting.RUNNING;
    }
    if (!LocalProcesses.family(now, folder.label(), OptionalLong.empty()).isEmpty()) {
      return Sighting.STOPPED;
    }
    // Between the record of the intent and the start of the agent.
    boolean starting =
        noted
            .filter(instance -> instance.pid() == 0)
            .map(instance -> Instant.parse(instance.createdAt()).plus(visibility))
            .filter(until -> clock.instant().isBefore(until))
            .isPresent();
    return starting ? Sighting.STARTING : Sighting.GONE;
  }

  private static boolean isUnnotedAgent(
      LocalFolder folder, Optional<Instance> noted, Snapshot now) {
    var agent = LocalProcesses.agent(now, folder.label(), folder.path());
    if (agent.isEmpty() || noted.filter(instance -> instance.pid() != 0).isPresent()) {
      return false;
    }
    noted.ifPresent(instance -> note(folder, instance, agent.get()));
    return true;
  }

  /** Writes down the agent of an instance whose pid nobody lived to note. */
  private static void note(LocalFolder folder, Instance instance, Running agent) {
    try {
      folder.write(instance.running(agent.pid(), agent.startTicks(), LocalProcesses.bootId()));
    } catch (IOException unwritable) {
      // Its marks find it again the next time.
      return;
    }
  }

  /** The noted agent, if it is still that process. */
  private static Optional<Running> leader(Optional<Instance> instance, Snapshot now)
      throws IOException {
    var boot = LocalProcesses.bootId();
    return instance
        .filter(noted -> noted.bootId().equals(boot))
        .flatMap(noted ->
            Optional.ofNullable(now.all().get(noted.pid()))
                .filter(running -> running.startTicks() == noted.startTimeTicks()));
  }

  private static OptionalLong pid(Optional<Running> running) {
    return running.map(one -> OptionalLong.of(one.pid())).orElse(OptionalLong.empty());
  }

  private List<LocalFolder> folders() throws IOException {
    // Only where it is certain: a folder that cannot be looked into does not mean no instances.
    if (Files.notExists(dir)) {
      return List.of();
    }
    try (var entries = Files.list(dir)) {
      return entries
          .filter(entry -> LocalProcesses.LABELS.matcher(entry.getFileName().toString()).matches())
          .filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
          .sorted()
          .limit(MOST_FOLDERS)
          .map(LocalFolder::new)
          .toList();
    }
  }

  /**
   * Ends what died by itself (a list that shows it as gone and one that does not show it mean the
   * same, so nobody terminates it), and lets go of what ended instances need not keep.
   */
  void tidy() throws IOException {
    for (var folder : folders()) {
      try {
        tidy(folder);
      } catch (IOException stays) {
        // One that cannot be read or written stays for the next time, and the others do not wait.
        continue;
      }
    }
    prune();
  }

  private void tidy(LocalFolder folder) throws IOException {
    var lock = lock(folder.label());
    // A label that is just being created or ended is left to whoever does that.
    if (folder.ended().isEmpty() && lock.tryLock()) {
      try {
        if (describe(folder.label(), UNSTARTED) == Sighting.GONE) {
          folder.writeEnded(clock.instant());
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private record Old(LocalFolder folder, Instant endedAt) {}

  private void prune() throws IOException {
    var ended = new ArrayList<Old>();
    for (var folder : folders()) {
      endedAt(folder).ifPresent(at -> ended.add(new Old(folder, at)));
    }
    ended.sort(Comparator.comparing(Old::endedAt).reversed());
    var oldest = clock.instant().minus(LONGEST_KEPT);
    for (int i = 0; i < ended.size(); i++) {
      if (i >= MOST_ENDED || ended.get(i).endedAt().isBefore(oldest)) {
        LocalFolder.delete(ended.get(i).folder().path());
      } else {
        ended.get(i).folder().clean();
      }
    }
  }

  private static Optional<Instant> endedAt(LocalFolder folder) {
    try {
      return folder.ended().map(end -> Instant.parse(end.endedAt()));
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  private static Path real(Path dir) {
    try {
      return Files.createDirectories(dir).toRealPath();
    } catch (IOException unwritable) {
      // Create says so; until then there is nothing to list.
      return dir.toAbsolutePath().normalize();
    }
  }
}
