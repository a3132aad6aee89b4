package io.vaultlayer.cli.workdir;

import io.vaultlayer.cli.frame.Failure;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * A work directory as a gzip-compressed tar in a temporary file. The same files give the same
 * bytes, so that a repeated submission is recognised: sorted, no times, no owners.
 *
 * @param sha256 in hex, of the packed bytes
 * @param files how many entries it holds
 */
public record PackedWorkdir(Path file, String sha256, long bytes, int files, List<String> warnings)
    implements AutoCloseable {
  private static final int COPY_BYTES = 128 << 10;

  /**
   * Packs {@code root}.
   *
   * @param never directories that are not packed whatever the rules say
   * @throws Failure 2 when the directory is missing, unreadable or too large
   */
  public static PackedWorkdir pack(Path root, Set<Path> never) throws IOException {
    return pack(root, never, Map.of());
  }

  /** Packs {@code root}; files whose names are in {@code replaced} with that content instead. */
  public static PackedWorkdir pack(Path root, Set<Path> never, Map<String, byte[]> replaced)
      throws IOException {
    var scan = new WorkdirScan(root, never);
    var files = scan.files();
    var target = Files.createTempFile("vl-workdir-", ".tar.gz");
    target.toFile().deleteOnExit(); // also when Ctrl-C ends the upload
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      try (var out =
          new DigestOutputStream(
              new BufferedOutputStream(Files.newOutputStream(target), COPY_BYTES), digest)) {
        write(files, replaced, out);
      }
      var sha256 = HexFormat.of().formatHex(digest.digest());
      return new PackedWorkdir(target, sha256, Files.size(target), files.size(), scan.warnings());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(target);
      throw e;
    }
  }

  private static void write(List<WorkdirFile> files, Map<String, byte[]> replaced, OutputStream out)
      throws IOException {
    var gzip = new FastGzip(out);
    try (var tar = new TarArchiveOutputStream(gzip, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      for (var file : files) {
        var entry = entry(file);
        var content = replaced.get(file.name());
        if (content != null) {
          entry.setSize(content.length);
        }
        tar.putArchiveEntry(entry);
        if (content != null) {
          tar.write(content);
        } else if (!file.isDirectory() && file.linkTarget().isEmpty()) {
          copy(file, tar);
        }
        tar.closeArchiveEntry();
      }
    }
  }

  private static TarArchiveEntry entry(WorkdirFile file) {
    var entry =
        file.linkTarget().isPresent()
            ? new TarArchiveEntry(file.name(), TarConstants.LF_SYMLINK)
            : new TarArchiveEntry(file.name());
    file.linkTarget().ifPresent(entry::setLinkName);
    entry.setSize(file.bytes());
    entry.setMode(file.mode());
    entry.setModTime(0L);
    entry.setIds(0, 0);
    entry.setNames("", "");
    return entry;
  }

  /** Exactly the announced bytes: a file that moved under our hands would tear the archive. */
  private static void copy(WorkdirFile file, OutputStream out) throws IOException {
    long left = file.bytes();
    var buffer = new byte[COPY_BYTES];
    try (var in = Files.newInputStream(file.path())) {
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read < 0) {
          throw Failure.usage(
              "workdir_changed",
              "packing the work directory: "
                  + file.name()
                  + " became shorter meanwhile; submit again, or name it in .vlignore");
        }
        out.write(buffer, 0, read);
        left -= read;
      }
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }

  /** Favours speed: training code is small, and data sets hardly shrink. */
  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out, COPY_BYTES);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
