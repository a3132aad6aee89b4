package io.vaultlayer.cli.pull;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Transfer;
import io.vaultlayer.wire.Lists.Download;
import io.vaultlayer.wire.Lists.Downloads;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Fetches the files of a checkpoint or of the outputs; each is whole and verified, or not there.
 */
public final class Puller {
  private static final int PAGE = 1000;
  private static final int COPY_BYTES = 128 << 10;

  /** One file that is now on disk. */
  public record Pulled(String path, long bytes, String sha256) {}

  /** All of them; {@code step} is null for outputs. */
  public record Report(String job, Long step, int epoch, String directory, List<Pulled> files) {}

  private final Jobs jobs;
  private final String id;
  private final String rest;

  /**
   * @param rest behind the job's path: {@code /outputs} or {@code /checkpoints/800/files}
   */
  public Puller(Jobs jobs, String id, String rest) {
    this.jobs = jobs;
    this.id = id;
    this.rest = rest;
  }

  /** The first page, to learn what there is. */
  public Downloads look() throws InterruptedException {
    return page(null);
  }

  /** Fetches everything into {@code directory}, which is made when it is not there. */
  public Report pull(Downloads first, Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    var pulled = new ArrayList<Pulled>();
    for (var page = first; ; page = page(page.next())) {
      for (var file : page.files()) {
        if (pulled.size() >= Manifest.MOST_FILES) {
          throw refused(
              "too_many_files",
              "more than " + Manifest.MOST_FILES + " files",
              "pull them from the bucket");
        }
        fetch(file, target(directory, file.path()));
        pulled.add(new Pulled(file.path(), file.bytes(), file.sha256()));
      }
      if (page.next() == null || page.files().isEmpty()) {
        return new Report(id, first.step(), first.epoch(), directory.toString(), pulled);
      }
    }
  }

  private Downloads page(String after) throws InterruptedException {
    return jobs.about(
        id,
        rest + "?limit=" + PAGE + (after == null ? "" : "&after=" + Plane.escaped(after)),
        Downloads.class);
  }

  /** The manifest was written by a machine that is not ours, so its names are not trusted. */
  static Path target(Path directory, String name) {
    try {
      var target = directory.resolve(name).normalize();
      boolean plain = !name.isEmpty() && !name.contains("\\") && !Path.of(name).isAbsolute();
      if (plain && target.startsWith(directory) && !target.equals(directory)) {
        for (var part : Path.of(name)) {
          if (part.toString().equals("..") || part.toString().equals(".")) {
            throw outside(name);
          }
        }
        return target;
      }
    } catch (InvalidPathException e) {
      throw outside(name).because(e);
    }
    throw outside(name);
  }

  private static Failure outside(String name) {
    return Failure.refused(
        "unsafe_path",
        "pulling "
            + io.vaultlayer.cli.render.Text.printable(name)
            + ": the name leads outside the directory, so nothing was written there; do not trust"
            + " this manifest");
  }

  private void fetch(Download file, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    var part = Files.createTempFile(target.getParent(), ".vl-", ".part");
    try {
      new Transfer("pulling " + file.path() + " of " + id)
          .download(file.url(), in -> receive(in, part, file));
      Files.setPosixFilePermissions(
          part, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private void receive(InputStream in, Path part, Download file) throws IOException {
    long bytes = 0;
    var digest = sha256();
    try (var out = Files.newOutputStream(part)) {
      var buffer = new byte[COPY_BYTES];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        bytes += read;
        if (bytes > file.bytes()) {
          break;
        }
        digest.update(buffer, 0, read);
        out.write(buffer, 0, read);
      }
    }
    if (bytes < file.bytes()) {
      throw new IOException("it broke off after " + bytes + " of " + file.bytes() + " bytes");
    }
    if (bytes > file.bytes() || !HexFormat.of().formatHex(digest.digest()).equals(file.sha256())) {
      throw refused(
          "damaged_file",
          "the stored " + file.path() + " is not the file that was committed",
          "vl checkpoints " + id + " lists others");
    }
  }

  private Failure refused(String code, String what, String instead) {
    return new Failure(
        ExitCode.REFUSED, code, "pulling from job " + id + ": " + what + "; " + instead, Map.of());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
