package io.vaultlayer.local.bucket;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.time.Instant;

/** Removes what writes left behind when the plane was killed under them. */
final class Leftovers {
  /** As long as the template lets an unfinished upload lie. */
  private static final Duration UPLOADS = Duration.ofDays(3);

  private static final String FINISHED = "content-md5";
  private static final int UUID_AND_DASH = 37;

  private Leftovers() {}

  /**
   * @param before nothing younger is touched: writes of this run are in flight
   * @return how many files were removed
   */
  static int sweep(Path bucket, Instant before) throws IOException {
    int[] removed = new int[1];
    Files.walkFileTree(
        bucket,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            var modified = attributes.lastModifiedTime().toInstant();
            var name = bucket.relativize(file).toString();
            boolean old = modified.isBefore(before.minus(UPLOADS));
            boolean hidden = name.startsWith(".mpus-") || name.startsWith(".s3proxy-mpu-stub-");
            if (hidden ? old : modified.isBefore(before) && unfinished(file)) {
              Files.deleteIfExists(file);
              removed[0]++;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
    return removed[0];
  }

  private static boolean unfinished(Path file) throws IOException {
    var name = file.getFileName().toString();
    if (!Keys.temporary(name)) {
      return false;
    }
    var whole = file.resolveSibling(name.substring(0, name.length() - UUID_AND_DASH));
    if (Files.exists(whole) && Files.isSameFile(file, whole)) {
      return true;
    }
    var view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    return view != null && !view.list().contains(FINISHED);
  }
}
