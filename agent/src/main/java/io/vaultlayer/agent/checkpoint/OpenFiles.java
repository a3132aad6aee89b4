package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Finds writers in {@code /proc}: descriptors open for writing, and shared writable mappings, which
 * outlive their descriptor. A process of another user cannot be looked into and counts as no
 * writer; then silence alone decides.
 */
public final class OpenFiles implements Writers {
  private static final int MOST_DESCRIPTORS = 65_536;
  private static final int MOST_MAPPINGS = 262_144;

  /** Access mode of a descriptor's octal flags: 1 writes, 2 reads and writes. */
  private static final int ACCESS_MODE = 3;

  /** O_PATH: such a descriptor can do neither. */
  private static final int PATH_ONLY = 0_10000000;

  private final Supplier<long[]> processes;

  /**
   * @param processes ids of the processes that may write checkpoints, asked anew each time
   */
  public OpenFiles(Supplier<long[]> processes) {
    this.processes = processes;
  }

  @Override
  public boolean anyAt(Path path) {
    Path real;
    try {
      real = path.toRealPath();
    } catch (IOException e) {
      return false;
    }
    for (long pid : processes.get()) {
      Path process = Path.of("/proc", Long.toString(pid));
      if (holds(process, real) || maps(process, real)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean anyStopped() {
    for (long pid : processes.get()) {
      if (isStopped(Path.of("/proc", Long.toString(pid)))) {
        return true;
      }
    }
    return false;
  }

  /** The state stands behind the command's name, which is in parentheses and may hold any. */
  private static boolean isStopped(Path process) {
    try {
      String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
      int at = stat.lastIndexOf(')') + 2;
      return at < stat.length() && (stat.charAt(at) == 'T' || stat.charAt(at) == 't');
    } catch (IOException e) {
      return false; // gone
    }
  }

  private static boolean holds(Path process, Path real) {
    int seen = 0;
    try (var descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (++seen > MOST_DESCRIPTORS) {
          return true; // nobody can tell: wait
        }
        if (pointsBelow(descriptor, real) && writes(process, descriptor)) {
          return true;
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return false; // gone, or not ours to look into
    }
    return false;
  }

  private static boolean pointsBelow(Path descriptor, Path real) {
    try {
      return Files.readSymbolicLink(descriptor).startsWith(real);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean writes(Path process, Path descriptor) {
    try (var lines = Files.lines(process.resolve("fdinfo").resolve(descriptor.getFileName()))) {
      int flags =
          lines
              .filter(line -> line.startsWith("flags:"))
              .findFirst()
              .map(line -> (int) Long.parseLong(line.substring("flags:".length()).strip(), 8))
              .orElse(0);
      return (flags & PATH_ONLY) == 0 && (flags & ACCESS_MODE) != 0;
    } catch (IOException | java.io.UncheckedIOException | NumberFormatException e) {
      return false;
    }
  }

  private static boolean maps(Path process, Path real) {
    try (var lines = Files.lines(process.resolve("maps"))) {
      return lines.limit(MOST_MAPPINGS).anyMatch(line -> isSharedWritable(line, real.toString()));
    } catch (IOException | java.io.UncheckedIOException e) {
      return false;
    }
  }

  /** {@code 7f00-7f01 rw-s 00000000 fe:00 1234 /path}. */
  private static boolean isSharedWritable(String line, String real) {
    int space = line.indexOf(' ');
    int slash = line.indexOf('/');
    if (space < 0 || slash < 0 || line.length() < space + 5) {
      return false;
    }
    String name = line.substring(slash);
    return line.charAt(space + 2) == 'w'
        && line.charAt(space + 4) == 's'
        && (name.equals(real) || name.startsWith(real + "/"));
  }
}
