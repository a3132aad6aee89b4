package io.vaultlayer.cli.rehearse;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** What lies in the kept directory: looked at again and again, to see when a save goes on. */
final class KeptDirectory {
  private static final int MOST_FILES = 20_000;
  private static final int MOST_DEPTH = 12;

  /** Numbers that are written out make a file of the same kind a little longer or shorter. */
  private static final int SAME_SIZE = 20;

  private static final Pattern UNFINISHED =
      Pattern.compile("(^|/)[^/]*(tmp|temp|\\.part|partial|incomplete|~$|\\.swp)", 2);

  /**
   * @param key of the file itself: another one under the same name has another
   */
  record Entry(long bytes, long modified, Object key) {}

  private final Path directory;
  private Map<String, Entry> entries = Map.of();

  /** When each file was first seen as it is now, by {@code System.nanoTime}. */
  private Map<String, Long> since = Map.of();

  KeptDirectory(Path directory) {
    this.directory = directory;
  }

  Path path() {
    return directory;
  }

  /** Regular files by their relative names. */
  Map<String, Entry> entries() {
    return entries;
  }

  /**
   * Looks again.
   *
   * @param now by {@code System.nanoTime}
   * @return whether a file has come or changed; one that went is no news
   */
  boolean changed(long now) {
    var before = entries;
    entries = read();
    var still = new HashMap<String, Long>();
    boolean changed = false;
    for (var each : entries.entrySet()) {
      boolean same = each.getValue().equals(before.get(each.getKey()));
      changed |= !same;
      still.put(each.getKey(), same ? since.getOrDefault(each.getKey(), now) : now);
    }
    since = still;
    return changed;
  }

  /** True where a file with a finished name was the same in every look for so long. */
  boolean hasLeftAlone(long nanos, long now) {
    return since.entrySet().stream()
        .anyMatch(each -> now - each.getValue() >= nanos && !saysUnfinished(each.getKey()));
  }

  /** True where a name says that it is not finished. */
  boolean hasUnfinished() {
    return entries.keySet().stream().anyMatch(KeptDirectory::saysUnfinished);
  }

  /** Names with their numbers left out, and how large such a file has been at most. */
  Map<String, Long> usual() {
    var found = new HashMap<String, Long>();
    entries.forEach((name, entry) -> found.merge(plain(name), entry.bytes(), Math::max));
    return found;
  }

  /**
   * True where what changed after this moment is less than such files usually are: shorter, or
   * without some of those beside it.
   *
   * @param usual of whole saves, as {@link #usual} says
   * @param sinceNanos of the clock that dates files, since 1970
   */
  boolean hasTorn(Map<String, Long> usual, long sinceNanos) {
    if (hasUnfinished()) {
      return true;
    }
    var here = usual();
    for (var each : entries.entrySet()) {
      var name = each.getKey();
      if (each.getValue().modified() < sinceNanos) {
        continue;
      }
      var whole = usual.get(plain(name));
      if (whole != null && each.getValue().bytes() < whole - whole / SAME_SIZE) {
        return true;
      }
      int slash = name.indexOf('/');
      var top = slash < 0 ? null : plain(name.substring(0, slash + 1));
      if (top != null
          && usual.keySet().stream().anyMatch(n -> n.startsWith(top) && missing(name, n, here))) {
        return true;
      }
    }
    return false;
  }

  private boolean missing(String changed, String usualName, Map<String, Long> here) {
    var top = changed.substring(0, changed.indexOf('/') + 1);
    return here.isEmpty()
        || entries.keySet().stream()
            .noneMatch(name -> name.startsWith(top) && plain(name).equals(usualName));
  }

  private static String plain(String name) {
    return name.replaceAll("[0-9]+", "#");
  }

  static boolean saysUnfinished(String name) {
    return UNFINISHED.matcher(name).find();
  }

  private Map<String, Entry> read() {
    var found = new HashMap<String, Entry>();
    try {
      Files.walkFileTree(
          directory,
          EnumSet.noneOf(java.nio.file.FileVisitOption.class),
          MOST_DEPTH,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes seen) {
              if (seen.isRegularFile()) {
                found.put(
                    directory.relativize(file).toString(),
                    new Entry(
                        seen.size(),
                        seen.lastModifiedTime().to(java.util.concurrent.TimeUnit.NANOSECONDS),
                        seen.fileKey()));
              }
              return found.size() < MOST_FILES
                  ? FileVisitResult.CONTINUE
                  : FileVisitResult.TERMINATE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              return FileVisitResult.CONTINUE; // renamed or removed meanwhile
            }

            @Override
            public FileVisitResult postVisitDirectory(Path each, IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      return found;
    }
    return found;
  }
}
