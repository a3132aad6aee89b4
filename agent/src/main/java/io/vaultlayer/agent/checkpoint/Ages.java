package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which file of a checkpoint is older. Scripts take "the newest file" to go on with, and where a
 * directory is kept as a whole, the newest is one of several; files that several connections bring
 * would be of any order. The manifest keeps no times, so its files stand in the order of theirs.
 */
final class Ages {
  /** Some programs look at whole seconds only. */
  private static final Duration APART = Duration.ofSeconds(1);

  /** However many files there are, the oldest is not older. */
  private static final Duration MOST = Duration.ofHours(1);

  private Ages() {}

  /**
   * Files in the order of their modification, those of one moment by path.
   *
   * @param tree holds all of them
   */
  static List<Manifest.File> oldestFirst(Tree tree, List<Manifest.File> files) {
    var modified = new HashMap<String, Long>();
    tree.files().forEach(entry -> modified.put(entry.path(), entry.stat().modifiedNanos()));
    return files.stream()
        .sorted(
            Comparator.comparingLong((Manifest.File file) -> modified.get(file.path()))
                .thenComparing(Manifest.File::path))
        .toList();
  }

  /**
   * Dates files so that each is newer than those before it, the last one now; a directory is as old
   * as the newest file below it.
   *
   * @param now by the clock of the file system
   */
  static void restore(Path root, List<Manifest.File> files, Instant now) throws IOException {
    var apart = min(APART, MOST.dividedBy(Math.max(1, files.size())));
    var directories = new HashMap<Path, FileTime>();
    for (int i = 0; i < files.size(); i++) {
      var time = FileTime.from(now.minus(apart.multipliedBy(files.size() - 1L - i)));
      Path file = root.resolve(files.get(i).path());
      Files.setLastModifiedTime(file, time);
      for (Path up = file.getParent(); !up.equals(root); up = up.getParent()) {
        directories.put(up, time);
      }
    }
    for (Map.Entry<Path, FileTime> each : directories.entrySet()) {
      Files.setLastModifiedTime(each.getKey(), each.getValue());
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
