package io.vaultlayer.cli.rehearse;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Files that look like checkpoints and lie in the work directory, which goes with the machine. */
final class Strays {
  private static final Pattern LOOKS =
      Pattern.compile(
          ".*\\.(pt|pth|ckpt|safetensors|npz|h5|msgpack|pkl|bin)|(.*/)?(checkpoint|ckpt)[-_].*", 2);
  private static final int MOST_DEPTH = 6;
  private static final int MOST_FOUND = 20;
  private static final long SELDOM_NANOS = 200_000_000L;

  private final Path instances;
  private final String job;
  private final TreeSet<String> found = new TreeSet<>();
  private long looked;

  Strays(Path instances, String job) {
    this.instances = instances;
    this.job = job;
  }

  /** Looks now and then, as long as it is wanted. */
  void look(boolean wanted) {
    long now = System.nanoTime();
    if (!wanted || now - looked < SELDOM_NANOS || found.size() >= MOST_FOUND) {
      return;
    }
    looked = now;
    try (var all = Files.newDirectoryStream(instances, each -> each.toString().contains(job))) {
      for (var instance : all) {
        var work = instance.resolve("scratch/work");
        if (Files.isDirectory(work)) {
          search(work, Files.getLastModifiedTime(instance.resolve("scratch/logs")).toMillis());
        }
      }
    } catch (IOException e) {
      return; // not there yet, or not any more
    }
  }

  private void search(Path work, long since) throws IOException {
    Files.walkFileTree(
        work,
        EnumSet.noneOf(java.nio.file.FileVisitOption.class),
        MOST_DEPTH,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes seen) {
            var name = work.relativize(file).toString();
            boolean fresh = seen.lastModifiedTime().toMillis() > since;
            if (fresh && seen.isRegularFile() && LOOKS.matcher(name).matches()) {
              found.add(name);
            }
            return found.size() < MOST_FOUND ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Names relative to the work directory. */
  List<String> found() {
    return new ArrayList<>(found);
  }
}
