package io.vaultlayer.cli.workdir;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.render.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Walks a work directory in a fixed order and decides what is packed. */
final class WorkdirScan {
  static final long MOST_BYTES = 2L << 30;
  static final int MOST_FILES = 100_000;

  private static final int DEEPEST = 200;
  private static final int MOST_WARNINGS = 20;

  /**
   * Counting goes on behind the limits, so that the biggest entries can be named, but not for ever.
   */
  private static final int COUNTED_FILES = 4 * MOST_FILES;

  private final Path root;
  private final Set<Path> never;
  private final long mostBytes;
  private final int mostFiles;
  private final List<WorkdirFile> files = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Map<String, long[]> byTop = new TreeMap<>();
  private long bytes;
  private int count;

  /**
   * @param never directories that are not packed whatever the rules say, such as our own home
   */
  WorkdirScan(Path root, Set<Path> never) {
    this(root, never, MOST_BYTES, MOST_FILES);
  }

  WorkdirScan(Path root, Set<Path> never, long mostBytes, int mostFiles) {
    this.root = root;
    this.never = never;
    this.mostBytes = mostBytes;
    this.mostFiles = mostFiles;
  }

  /**
   * @throws Failure 2 for a directory that cannot be read as a whole or is too large
   */
  List<WorkdirFile> files() throws IOException {
    if (!Files.isDirectory(root)) {
      throw Failure.usage(
          "bad_workdir",
          "packing the work directory "
              + root
              + (Files.exists(root) ? ": it is not a directory" : ": it does not exist")
              + "; give another with --workdir");
    }
    walk(root, "", IgnoreRules.of(root), 0);
    if (bytes > mostBytes || count > mostFiles) {
      throw tooLarge();
    }
    return files;
  }

  List<String> warnings() {
    return warnings;
  }

  long bytes() {
    return bytes;
  }

  private void walk(Path directory, String base, IgnoreRules rules, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw unreadable(directory, "is nested more than 200 directories deep");
    }
    List<Path> children;
    try (var listed = Files.list(directory)) {
      children = listed.sorted(Comparator.comparing(p -> p.getFileName().toString())).toList();
    } catch (java.nio.file.AccessDeniedException e) {
      throw unreadable(directory, "cannot be read");
    }
    for (var child : children) {
      var name = base + child.getFileName();
      var kind = Files.readAttributes(child, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!rules.ignores(name, kind.isDirectory()) && !never.contains(child)) {
        take(child, name, kind, rules, depth);
      }
    }
  }

  private void take(Path child, String name, BasicFileAttributes kind, IgnoreRules rules, int depth)
      throws IOException {
    if (++count > COUNTED_FILES) {
      throw tooLarge();
    }
    if (kind.isSymbolicLink()) {
      link(child, name);
    } else if (kind.isDirectory()) {
      add(new WorkdirFile(name + "/", child, mode(child), 0, Optional.empty()));
      walk(child, name + "/", rules.inside(child, name + "/"), depth + 1);
    } else if (kind.isRegularFile()) {
      if (!Files.isReadable(child)) {
        throw unreadable(child, "cannot be read");
      }
      add(new WorkdirFile(name, child, mode(child), kind.size(), Optional.empty()));
    } else {
      warn(name + " is no file and no directory, so it is not sent");
    }
  }

  private void link(Path link, String name) throws IOException {
    var target = Files.readSymbolicLink(link);
    var folder = link.getParent();
    var meant = folder.resolve(target).normalize();
    if (!meant.startsWith(root)) {
      warn(name + " points outside the work directory, so it is not sent");
      return;
    }
    var relative = folder.relativize(meant).toString();
    add(
        new WorkdirFile(
            name,
            link,
            0777,
            0,
            Optional.of(
                target.isAbsolute() ? (relative.isEmpty() ? "." : relative) : target.toString())));
  }

  private void add(WorkdirFile file) {
    if (count <= mostFiles) {
      files.add(file);
    }
    bytes += file.bytes();
    int slash = file.name().indexOf('/');
    var top = slash < 0 ? file.name() : file.name().substring(0, slash + 1);
    var sum = byTop.computeIfAbsent(top, t -> new long[2]);
    sum[0] += file.bytes();
    sum[1]++;
  }

  private void warn(String warning) {
    if (warnings.size() < MOST_WARNINGS) {
      warnings.add(warning);
    }
  }

  /** Only the bits that a tar keeps on every system. */
  private static int mode(Path path) throws IOException {
    int mode = 0;
    for (PosixFilePermission bit : Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS)) {
      mode |= 0400 >> bit.ordinal();
    }
    return mode;
  }

  private String most() {
    return mostBytes == MOST_BYTES ? "2 GiB" : Text.bytes(mostBytes);
  }

  private Failure unreadable(Path path, String why) {
    return new Failure(
        ExitCode.USAGE,
        "unreadable_workdir",
        "packing the work directory "
            + root
            + ": "
            + root.relativize(path)
            + " "
            + why
            + "; make it readable or name it in .vlignore",
        Map.of("path", root.relativize(path).toString()));
  }

  private Failure tooLarge() {
    boolean tooMany = count > mostFiles;
    int measure = tooMany ? 1 : 0;
    var biggest =
        byTop.entrySet().stream()
            .sorted(
                Comparator.comparingLong((Map.Entry<String, long[]> e) -> -e.getValue()[measure]))
            .limit(5)
            .map(e ->
                e.getKey()
                    + " ("
                    + (tooMany ? e.getValue()[1] + " files" : Text.bytes(e.getValue()[0]))
                    + ")")
            .toList();
    return new Failure(
        ExitCode.USAGE,
        "workdir_too_large",
        "packing the work directory "
            + root
            + ": it holds "
            + (tooMany
                ? "more than %,d files".formatted(mostFiles)
                : Text.bytes(bytes) + ", more than " + most())
            + "; the biggest entries are "
            + String.join(", ", biggest)
            + ": name what the job does not need in .vlignore",
        Map.of("biggest", biggest));
  }
}
