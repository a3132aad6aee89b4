package io.vaultlayer.tests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks at this machine's processes and signals them. */
final class Processes {
  private Processes() {}

  static void kill(String signal, long pid) {
    kill(signal, List.of(pid));
  }

  /** All of them by one command: as near to one moment as it gets. */
  static void kill(String signal, List<Long> pids) {
    var words = pids.stream().map(String::valueOf).collect(Collectors.joining(" "));
    try {
      new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + words)
          .redirectErrorStream(true)
          .start()
          .waitFor();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static void awaitGone(long pid) {
    for (int i = 0; i < 200 && isAlive(pid); i++) {
      Home.sleep(25);
    }
  }

  static boolean isAlive(long pid) {
    return !state(pid).isEmpty() && !state(pid).equals("Z");
  }

  /** One letter as in /proc, such as R, S, T or Z; empty when there is no such process. */
  static String state(long pid) {
    try {
      var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.substring(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * Living processes whose environment has an entry that begins so; an entry that is meant whole
   * ends with a zero character.
   */
  static List<Long> withEnvironment(String entry) {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.map(p -> p.getFileName().toString())
          .filter(n -> n.matches("\\d+"))
          .map(Long::valueOf)
          .filter(pid -> environment(pid).contains("\0" + entry) && isAlive(pid))
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Living processes that have this file open. */
  static List<Long> holding(Path file) {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.map(p -> p.getFileName().toString())
          .filter(n -> n.matches("\\d+"))
          .map(Long::valueOf)
          .filter(pid -> isOpenIn(pid, file))
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isOpenIn(long pid, Path file) {
    try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return open.anyMatch(fd -> {
        try {
          return Files.readSymbolicLink(fd).equals(file);
        } catch (IOException e) {
          return false;
        }
      });
    } catch (IOException e) {
      return false;
    }
  }

  private static String environment(long pid) {
    try {
      return "\0"
          + new String(
              Files.readAllBytes(Path.of("/proc", Long.toString(pid), "environ")),
              StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  static String commandLine(long pid) {
    try {
      return new String(
              Files.readAllBytes(Path.of("/proc", Long.toString(pid), "cmdline")),
              StandardCharsets.UTF_8)
          .replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }
}
