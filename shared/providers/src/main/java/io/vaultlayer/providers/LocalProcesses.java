package io.vaultlayer.providers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * What runs on this machine, read from {@code /proc}, and whose it is. Two variables that every
 * descendant inherits mark the processes of an instance: its label, and the folder of instances of
 * the plane that started it, so that two planes on one machine never touch each other's.
 */
final class LocalProcesses {
  static final String LABEL = "VAULTLAYER_INSTANCE";
  static final String FOLDER = "VAULTLAYER_INSTANCE_DIR";

  /** No process gets a larger environment than the kernel takes: a quarter of an 8 MB stack. */
  private static final int MOST_ENVIRONMENT = 4 << 20;

  /** What names a folder and a process's mark; others are never ours. */
  static final Pattern LABELS = Pattern.compile("vl-[a-z0-9][a-z0-9_-]{0,120}");

  private static final Path PROC = Path.of("/proc");

  /**
   * One process that is no zombie.
   *
   * @param startTicks clock ticks from boot to its start: with the pid, what no other process
   *     shares
   */
  record Running(long pid, long startTicks, long parent, long group, long session) {}

  /** All processes at one moment, and the pids marked with each label. */
  record Snapshot(Map<Long, Running> all, Map<String, Set<Long>> marked) {}

  private final String folder;

  LocalProcesses(Path instancesDir) {
    folder = instancesDir.toString();
  }

  static boolean supported() {
    return Files.isReadable(PROC.resolve("self/stat"));
  }

  /** Changes with every boot: start ticks mean nothing across it. */
  static String bootId() throws IOException {
    return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
  }

  Snapshot look() throws IOException {
    var all = new HashMap<Long, Running>();
    var marked = new HashMap<String, Set<Long>>();
    try (var entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (var entry : entries) {
        long pid = Long.parseLong(entry.getFileName().toString());
        read(pid)
            .ifPresent(running -> {
              all.put(pid, running);
              label(pid)
                  .ifPresent(label -> marked.computeIfAbsent(label, _ -> new HashSet<>()).add(pid));
            });
      }
    } catch (DirectoryIteratorException broken) {
      throw broken.getCause();
    }
    return new Snapshot(all, marked);
  }

  /** The process with this pid; empty when there is none or it is a zombie. */
  static Optional<Running> read(long pid) {
    try {
      var stat =
          new String(Files.readAllBytes(PROC.resolve(pid + "/stat")), StandardCharsets.ISO_8859_1);
      // The second field is the program's name in parentheses, which may hold spaces and more.
      var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      if (fields[0].equals("Z") || fields[0].equals("X")) {
        return Optional.empty();
      }
      return Optional.of(
          new Running(
              pid,
              Long.parseLong(fields[19]),
              Long.parseLong(fields[1]),
              Long.parseLong(fields[2]),
              Long.parseLong(fields[3])));
    } catch (IOException | IndexOutOfBoundsException | NumberFormatException gone) {
      return Optional.empty();
    }
  }

  /**
   * Every process of an instance: the marked ones, those of their sessions, and all descendants
   * (which may have wiped their environment).
   *
   * @param leader pid of the instance's first process, if it is known to run
   */
  static List<Running> family(Snapshot now, String label, OptionalLong leader) {
    var ours = new HashSet<>(now.marked().getOrDefault(label, Set.of()));
    leader.ifPresent(ours::add);
    var sessions = sessions(now, ours);
    boolean grew = true;
    while (grew) {
      grew = false;
      for (var running : now.all().values()) {
        if (ours.contains(running.parent()) || sessions.contains(running.session())) {
          grew |= ours.add(running.pid());
        }
      }
    }
    ours.remove(ProcessHandle.current().pid());
    return ours.stream().map(now.all()::get).filter(running -> running != null).toList();
  }

  /**
   * A session is ours when its leader is, or when the leader is dead and a marked process is still
   * in it (its number is then not used again). A process just started is marked, but for a moment
   * still in the session of whoever started it: that one is never ours.
   */
  private static Set<Long> sessions(Snapshot now, Set<Long> ours) {
    long mine = read(ProcessHandle.current().pid()).map(Running::session).orElse(-1L);
    var sessions = new HashSet<Long>();
    for (long pid : ours) {
      var running = now.all().get(pid);
      if (running == null || running.session() == mine || running.session() <= 1) {
        continue;
      }
      boolean leaderIsDead = !now.all().containsKey(running.session());
      if (ours.contains(running.session()) || leaderIsDead) {
        sessions.add(running.session());
      }
    }
    return sessions;
  }

  /** The oldest marked session leader that was started with this folder as its last argument. */
  static Optional<Running> agent(Snapshot now, String label, Path instanceDir) {
    return now.marked().getOrDefault(label, Set.of()).stream()
        .map(now.all()::get)
        .filter(running -> running.session() == running.pid())
        .filter(running -> lastArgument(running.pid()).equals(instanceDir.toString()))
        .min(Comparator.comparingLong(Running::startTicks));
  }

  /** True once {@code setsid} has made the session and turned into the program that it starts. */
  static boolean leadsAndIsNoLongerSetsid(Running running) {
    var arguments = strings(PROC.resolve(running.pid() + "/cmdline"));
    return running.session() == running.pid()
        && !arguments.isEmpty()
        && !arguments.getFirst().equals("setsid");
  }

  /** True while this very process is there; one that got its number later is another. */
  static boolean lives(Running running) {
    return read(running.pid()).filter(now -> now.startTicks() == running.startTicks()).isPresent();
  }

  /** SIGKILL to exactly this process; a pid that meanwhile names another one is left alone. */
  static void kill(Running running) {
    ProcessHandle.of(running.pid())
        .filter(_ -> lives(running))
        .ifPresent(ProcessHandle::destroyForcibly);
  }

  /** SIGKILL to a whole process group at once, if its leader still is this process. */
  static void killGroup(Running leader) throws IOException, InterruptedException {
    if (leader.group() != leader.pid() || !lives(leader)) {
      return;
    }
    var kill =
        new ProcessBuilder(
                "/bin/sh", "-c", "kill -KILL -- \"-$1\"", "sh", Long.toString(leader.pid()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!kill.waitFor(5, TimeUnit.SECONDS)) {
      kill.destroyForcibly();
    }
  }

  private Optional<String> label(long pid) {
    var label = Optional.<String>empty();
    boolean sameFolder = false;
    for (var entry : strings(PROC.resolve(pid + "/environ"))) {
      if (entry.startsWith(LABEL + "=")) {
        label = Optional.of(entry.substring(LABEL.length() + 1));
      } else if (entry.startsWith(FOLDER + "=")) {
        sameFolder = entry.substring(FOLDER.length() + 1).equals(folder);
      }
    }
    return sameFolder ? label.filter(one -> LABELS.matcher(one).matches()) : Optional.empty();
  }

  private static String lastArgument(long pid) {
    var arguments = strings(PROC.resolve(pid + "/cmdline"));
    return arguments.isEmpty() ? "" : arguments.getLast();
  }

  /** Zero-terminated strings; none where the file cannot be read (gone, or another user's). */
  private static List<String> strings(Path file) {
    try (var in = Files.newInputStream(file)) {
      var text = new String(in.readNBytes(MOST_ENVIRONMENT), StandardCharsets.UTF_8);
      var parts = new ArrayList<String>();
      for (var part : text.split("\0")) {
        if (!part.isEmpty()) {
          parts.add(part);
        }
      }
      return parts;
    } catch (IOException unreadable) {
      return List.of();
    }
  }
}
