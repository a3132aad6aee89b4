package io.vaultlayer.providers;

import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The folder of one local instance:
 *
 * <pre>
 * instance.json    what it is; written before its process starts, again when the pid is known
 * bootstrap.json   for the agent, only the owner may read it; the agent removes it
 * agent.log        what the agent prints
 * scratch/         the agent's own
 * ended.json       terminated, and no process of it was left
 * </pre>
 */
record LocalFolder(Path path) {
  /**
   * @param pid of the agent; 0 while it is not known
   * @param startTimeTicks field 22 of the agent's /proc stat
   * @param createdAt RFC 3339
   */
  record Instance(
      String label,
      long pid,
      long startTimeTicks,
      String bootId,
      String instanceId,
      String machineId,
      String gpu,
      String createdAt) {
    Instance running(long pid, long startTimeTicks, String bootId) {
      return new Instance(
          label, pid, startTimeTicks, bootId, instanceId, machineId, gpu, createdAt);
    }
  }

  record Ended(String label, String endedAt) {}

  /** An instance record has a few hundred bytes. */
  private static final int MOST_BYTES = 64 * 1024;

  private static final Set<String> KEPT = Set.of("instance.json", "ended.json", "agent.log");

  String label() {
    return path.getFileName().toString();
  }

  Path log() {
    return path.resolve("agent.log");
  }

  /** Makes the folder for its owner alone; one that is there already is used. */
  void make() throws IOException {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(path, owner("rwx------"));
    }
    var scratch = path.resolve("scratch");
    if (!Files.isDirectory(scratch, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(scratch, owner("rwx------"));
    }
  }

  void writeBootstrap(String text) throws IOException {
    write("bootstrap.json", text);
  }

  void write(Instance instance) throws IOException {
    write("instance.json", Json.render(instance));
  }

  void writeEnded(Instant at) throws IOException {
    write("ended.json", Json.render(new Ended(label(), at.toString())));
  }

  /**
   * A record that cannot be read counts as one without a pid: its processes are found by their
   * marks, and one damaged folder does not hide the others.
   */
  Optional<Instance> instance() throws IOException {
    try {
      return read("instance.json", Instance.class);
    } catch (Json.MalformedJson broken) {
      return Optional.of(
          new Instance(label(), 0, 0, "", "local-unreadable", "", "cpu", Instant.EPOCH.toString()));
    }
  }

  Optional<Ended> ended() throws IOException {
    try {
      return read("ended.json", Ended.class);
    } catch (Json.MalformedJson broken) {
      return Optional.of(new Ended(label(), Instant.EPOCH.toString()));
    }
  }

  /**
   * Keeps the records and the log of an ended instance, and nothing else: not its tokens either.
   */
  void clean() throws IOException {
    try (var entries = Files.newDirectoryStream(path)) {
      for (var entry : entries) {
        if (!KEPT.contains(entry.getFileName().toString())) {
          delete(entry);
        }
      }
    }
  }

  /**
   * Deletes what is at a path and below, and never what a link points to. Best effort: what cannot
   * be deleted now is tried again at the next cleaning.
   */
  static void delete(Path path) {
    try {
      Files.walkFileTree(path, new Deleting());
    } catch (IOException stays) {
      // The next cleaning comes with the next terminate.
      return;
    }
  }

  private <T> Optional<T> read(String name, Class<T> type) throws IOException {
    try (var in = Files.newInputStream(path.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
      var text = new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
      return Optional.of(Json.parse(text, type));
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    }
  }

  /** Appears whole or not at all, readable by the owner alone from its first moment. */
  private void write(String name, String text) throws IOException {
    // Each writer has a file of its own: a list may note an agent while its create does.
    var next = Files.createTempFile(path, ".next-", "", owner("rw-------"));
    try (var out = FileChannel.open(next, StandardOpenOption.WRITE)) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    Files.move(
        next,
        path.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static FileAttribute<?> owner(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  private static final class Deleting extends SimpleFileVisitor<Path> {
    /** Folders that a job closed to itself; each is opened once. */
    private final Set<Path> opened = new HashSet<>();

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      remove(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (open(file)) {
        Files.walkFileTree(file, this);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path dir, IOException failure) {
      remove(dir);
      return FileVisitResult.CONTINUE;
    }

    private void remove(Path path) {
      try {
        if (!deleted(path) && open(path.getParent())) {
          deleted(path);
        }
      } catch (IOException stays) {
        return;
      }
    }

    private static boolean deleted(Path path) throws IOException {
      try {
        Files.deleteIfExists(path);
        return true;
      } catch (AccessDeniedException closed) {
        return false;
      }
    }

    private boolean open(Path dir) throws IOException {
      if (!Files.isDirectory(dir, LinkOption.NOFOLLOW_LINKS) || !opened.add(dir)) {
        return false;
      }
      Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx------"));
      return true;
    }
  }
}
