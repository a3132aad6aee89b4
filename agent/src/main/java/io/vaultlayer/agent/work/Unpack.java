package io.vaultlayer.agent.work;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Unpacks a work directory. Nothing is written outside the target, whatever the archive says: names
 * with {@code ..} or a root, devices, and files below a link are refused; links that lead out are
 * left out and named.
 */
final class Unpack {
  /** More than any work directory that could be packed by the client (which stops far earlier). */
  private static final int MOST_ENTRIES = 500_000;

  private static final long MOST_BYTES = 64L << 30;
  private static final int BUFFER = 1 << 16;

  /** The archive is not what a client of ours packs. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  private record Link(Path at, String target) {}

  private final Path root;
  private final List<Link> links = new ArrayList<>();
  private final byte[] buffer = new byte[BUFFER];
  private long bytes;

  private Unpack(Path root) {
    this.root = root;
  }

  /**
   * @return the links that were left out because they lead out of the directory
   */
  static List<String> into(Path root, Path archive) throws IOException {
    var unpack = new Unpack(root.toRealPath());
    try (InputStream file = Files.newInputStream(archive);
        var tar =
            new TarArchiveInputStream(
                new BufferedInputStream(new GZIPInputStream(file, BUFFER), BUFFER), "UTF-8")) {
      unpack.all(tar);
      return unpack.links();
    } catch (FileAlreadyExistsException e) {
      throw new Refused("two entries in one place: " + e.getFile());
    }
  }

  private void all(TarArchiveInputStream tar) throws IOException {
    int entries = 0;
    for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
      if (++entries > MOST_ENTRIES) {
        throw new Refused("more than " + MOST_ENTRIES + " entries");
      }
      Path at = place(entry.getName());
      if (entry.isDirectory()) {
        directory(at);
      } else if (entry.isSymbolicLink()) {
        links.add(new Link(at, entry.getLinkName()));
      } else if (entry.isLink()) {
        parent(at);
        Path target = place(entry.getLinkName());
        parent(target);
        if (!Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
          throw new Refused(entry.getName() + ": hard link to nothing that was unpacked");
        }
        Files.copy(target, at);
      } else if (entry.isFIFO() || entry.isBlockDevice() || entry.isCharacterDevice()) {
        throw new Refused(entry.getName() + ": neither file, directory nor link");
      } else {
        file(tar, entry, at);
      }
    }
  }

  private Path place(String name) throws Refused {
    try {
      Path path = Path.of(name);
      if (path.isAbsolute()) {
        throw new Refused(name + ": an absolute name");
      }
      for (Path part : path) {
        if (part.toString().equals("..")) {
          throw new Refused(name + ": leads out of the directory");
        }
      }
      return root.resolve(path).normalize();
    } catch (InvalidPathException e) {
      throw new Refused("a name that is none");
    }
  }

  private void directory(Path at) throws IOException {
    if (!at.equals(root)) {
      parent(at);
      if (!Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(at);
      }
    }
  }

  /** Links are made last, so every directory on the way is a real one or the archive lies. */
  private void parent(Path at) throws IOException {
    if (at.equals(root)) {
      throw new Refused("a file in place of the directory itself");
    }
    Files.createDirectories(at.getParent());
  }

  private void file(TarArchiveInputStream tar, TarArchiveEntry entry, Path at) throws IOException {
    parent(at);
    try (var out =
        Files.newOutputStream(at, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int got = tar.read(buffer); got >= 0; got = tar.read(buffer)) {
        bytes += got;
        if (bytes > MOST_BYTES) {
          throw new Refused("more than " + MOST_BYTES + " bytes");
        }
        out.write(buffer, 0, got);
      }
    }
    Files.setPosixFilePermissions(at, permissions(entry.getMode()));
    Files.setLastModifiedTime(at, FileTime.from(entry.getLastModifiedTime().toInstant()));
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    var permissions = EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    if ((mode & 0100) != 0) {
      permissions.add(PosixFilePermission.OWNER_EXECUTE);
    }
    return permissions;
  }

  private List<String> links() throws IOException {
    var leftOut = new ArrayList<String>();
    for (Link link : links) {
      parent(link.at());
      if (inside(link)) {
        Files.createSymbolicLink(link.at(), Path.of(link.target()));
      } else {
        leftOut.add(root.relativize(link.at()).toString());
      }
    }
    // A link may be harmless by its words and lead out by way of another one.
    for (Link link : links) {
      if (Files.exists(link.at()) && !link.at().toRealPath().startsWith(root)) {
        Files.delete(link.at());
        leftOut.add(root.relativize(link.at()).toString());
      }
    }
    return leftOut;
  }

  private boolean inside(Link link) throws IOException {
    try {
      Path target = Path.of(link.target());
      return !target.isAbsolute()
          && link.at().getParent().toRealPath().startsWith(root)
          && link.at().resolveSibling(target).normalize().startsWith(root);
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
