package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What the file system says about one entry; links are not followed.
 *
 * @param changedNanos ctime: set by the kernel alone at every change of content, name or attributes
 */
record Stat(Kind kind, long inode, long bytes, long modifiedNanos, long changedNanos, int links) {
  enum Kind {
    FILE,
    DIRECTORY,
    LINK,
    OTHER
  }

  private static final String WANTED =
      "unix:ino,size,lastModifiedTime,ctime,nlink,isRegularFile,isDirectory,isSymbolicLink";

  /** Empty when nothing has this name any more. */
  static Optional<Stat> of(Path path) throws IOException {
    try {
      Map<String, Object> all = Files.readAttributes(path, WANTED, LinkOption.NOFOLLOW_LINKS);
      Kind kind =
          (Boolean) all.get("isRegularFile")
              ? Kind.FILE
              : (Boolean) all.get("isDirectory")
                  ? Kind.DIRECTORY
                  : (Boolean) all.get("isSymbolicLink") ? Kind.LINK : Kind.OTHER;
      return Optional.of(
          new Stat(
              kind,
              (Long) all.get("ino"),
              (Long) all.get("size"),
              ((FileTime) all.get("lastModifiedTime")).to(TimeUnit.NANOSECONDS),
              ((FileTime) all.get("ctime")).to(TimeUnit.NANOSECONDS),
              (Integer) all.get("nlink")));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Same content, as far as the kernel's book-keeping tells. The ctime does not count: our own
   * links and the script's rotation (by removal or by rename) change it, and a write that leaves
   * the mtime as it was would have to set it back on purpose.
   */
  boolean sameContent(Stat other) {
    return inode == other.inode && bytes == other.bytes && modifiedNanos == other.modifiedNanos;
  }
}
