package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import io.vaultlayer.wire.ManifestRules;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** Reads a committed checkpoint: pointer, manifest, files, each held against its digest. */
final class Restorer {
  /** Larger files come in ranges of this size, several at a time. */
  static final long RANGE = 32L << 20;

  private static final int PIECE = 128 << 10;

  private final ObjectStore store;
  private final long range;

  Restorer(ObjectStore store, long range) {
    this.store = store;
    this.range = range;
  }

  /**
   * The manifest that a pointer names, checked so far that every path is safe to write and every
   * key is the job's own.
   */
  Manifest manifest(Scope scope, AttemptApi.Pointer pointer)
      throws DamagedCheckpoint, StoreException {
    String key = pointer.manifestKey();
    if (key == null || !ManifestRules.isOwn(scope.job(), key)) {
      throw new DamagedCheckpoint("the manifest " + key + " is not the job's own");
    }
    byte[] content;
    try {
      content = store.read(key, Manifest.MOST_BYTES);
    } catch (StoreException.NotThere e) {
      throw new DamagedCheckpoint("the manifest " + key + " is missing");
    } catch (StoreException.WrongSize e) {
      throw new DamagedCheckpoint("the manifest " + key + " is too large");
    }
    if (!Hex.of(Hex.sha256(content)).equals(pointer.manifestSha256())) {
      throw new DamagedCheckpoint("the manifest " + key + " has another digest");
    }
    Manifest manifest;
    try {
      manifest = Json.parse(new String(content, StandardCharsets.UTF_8), Manifest.class);
    } catch (Json.MalformedJson e) {
      throw new DamagedCheckpoint("the manifest " + key + " is unreadable: " + e.getMessage());
    }
    check(scope, pointer, manifest);
    return manifest;
  }

  /**
   * Downloads files below a directory, and verifies them as they come: a file of one range while it
   * is written, a larger one range by range behind those that have arrived.
   *
   * @param files some of a checked manifest's
   */
  void download(List<Manifest.File> files, Path into) throws DamagedCheckpoint, IOException {
    var made = new HashSet<Path>();
    try (var crew = new Crew(Math.clamp(files.size(), Crew.LARGE, Crew.SMALL))) {
      for (Manifest.File file : files) {
        if (crew.hasFailed()) {
          break;
        }
        Path target = into.resolve(file.path());
        if (made.add(target.getParent())) {
          Files.createDirectories(target.getParent());
        }
        if (file.bytes() <= range) {
          crew.start(() -> whole(file, target));
        } else {
          inRanges(file, target, crew);
        }
      }
      crew.finish();
    } catch (Damage e) {
      throw new DamagedCheckpoint(e.getMessage());
    }
  }

  /** True when a local file is what the manifest says. */
  static boolean isIntact(Manifest.File file, Path path) throws IOException {
    var stat = Stat.of(path);
    return stat.isPresent()
        && stat.get().kind() == Stat.Kind.FILE
        && stat.get().bytes() == file.bytes()
        && sha256(path).equals(file.sha256());
  }

  /** Carries a damage through the crew's threads. */
  private static final class Damage extends IOException {
    private static final long serialVersionUID = 1L;

    Damage(Manifest.File file, String problem) {
      super(Gate.shown(file.path()) + " " + problem + " (" + file.key() + ")");
    }
  }

  private void whole(Manifest.File file, Path target) throws IOException {
    MessageDigest sha = Hex.newSha256();
    try (FileChannel channel =
        FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (file.bytes() == 0) {
        ObjectStore.ObjectInfo there = empty(file);
        sized(file, there.bytes());
      } else {
        fetch(
            file,
            0,
            file.bytes(),
            (piece, at) -> {
              sha.update(piece.duplicate());
              write(channel, piece, at);
            });
      }
    }
    verified(file, Hex.of(sha.digest()));
  }

  private ObjectStore.ObjectInfo empty(Manifest.File file) throws IOException {
    return store.head(file.key()).orElseThrow(() -> new Damage(file, "is missing"));
  }

  /** Several ranges at a time into a file of its full size. */
  private void inRanges(Manifest.File file, Path target, Crew crew) throws IOException {
    try (var out = new RandomAccessFile(target.toFile(), "rw")) {
      out.setLength(file.bytes());
    }
    var order = new InOrder(file, target);
    // The kernel lets one write at a time into a file; who waits for it there burns CPU.
    var turn = new ReentrantLock();
    for (long at = 0; at < file.bytes() && !crew.hasFailed(); at += range) {
      long from = at;
      crew.start(() -> {
        long bytes = Math.min(range, file.bytes() - from);
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
          fetch(
              file,
              from,
              bytes,
              (piece, to) -> {
                turn.lock();
                try {
                  write(channel, piece, to);
                } finally {
                  turn.unlock();
                }
              });
        }
        order.arrived(from);
      });
    }
  }

  /** Digests ranges in their order, each as soon as all before it are there. */
  private final class InOrder {
    private final Manifest.File file;
    private final Path target;
    private final Set<Long> there = new HashSet<>();
    private final MessageDigest sha = Hex.newSha256();
    private long next;
    private boolean digesting;

    InOrder(Manifest.File file, Path target) {
      this.file = file;
      this.target = target;
    }

    /** Whoever brings the range that was waited for digests it, and what came after it. */
    void arrived(long from) throws IOException {
      synchronized (this) {
        there.add(from);
        if (digesting || !there.contains(next)) {
          return;
        }
        digesting = true;
      }
      boolean all = false;
      try (FileChannel channel = FileChannel.open(target, StandardOpenOption.READ)) {
        while (another()) {
          all = digest(channel);
        }
      }
      if (all) {
        verified(file, Hex.of(sha.digest()));
      }
    }

    private synchronized boolean another() {
      digesting = there.remove(next);
      return digesting;
    }

    /**
     * @return whether that was the last of the file
     */
    private boolean digest(FileChannel channel) throws IOException {
      var piece = ByteBuffer.allocate(PIECE);
      long end = Math.min(file.bytes(), next + range);
      for (long at = next; at < end; ) {
        piece.clear().limit((int) Math.min(PIECE, end - at));
        int got = channel.read(piece, at);
        if (got < 0) {
          throw new IOException("reading back " + Gate.shown(file.path()) + ": it became shorter");
        }
        sha.update(piece.array(), 0, got);
        at += got;
      }
      synchronized (this) {
        next = end;
      }
      return end == file.bytes();
    }
  }

  private void fetch(Manifest.File file, long from, long bytes, ObjectStore.Sink sink)
      throws IOException {
    try {
      sized(file, store.readInto(sink, file.key(), from, bytes));
    } catch (StoreException.NotThere e) {
      throw new Damage(file, "is missing");
    } catch (StoreException.WrongSize e) {
      throw new Damage(file, "is shorter than the " + file.bytes() + " bytes committed");
    }
  }

  private static void sized(Manifest.File file, long total) throws Damage {
    if (total != file.bytes()) {
      throw new Damage(file, "has " + total + " bytes and not the " + file.bytes() + " committed");
    }
  }

  private static void verified(Manifest.File file, String sha256) throws Damage {
    if (!sha256.equals(file.sha256())) {
      throw new Damage(file, "has another digest than was committed");
    }
  }

  private static void write(FileChannel channel, ByteBuffer piece, long at) throws IOException {
    long to = at;
    while (piece.hasRemaining()) {
      to += channel.write(piece, to);
    }
  }

  private static String sha256(Path path) throws IOException {
    MessageDigest sha = Hex.newSha256();
    byte[] buffer = new byte[PIECE];
    try (var in = Files.newInputStream(path)) {
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        sha.update(buffer, 0, got);
      }
    }
    return Hex.of(sha.digest());
  }

  private static void check(Scope scope, AttemptApi.Pointer pointer, Manifest manifest)
      throws DamagedCheckpoint {
    var problem = ManifestRules.problem(scope.job(), manifest);
    if (problem.isPresent()) {
      throw new DamagedCheckpoint(problem.get());
    }
    if (manifest.step() == null || manifest.step() != pointer.step()) {
      throw new DamagedCheckpoint("the manifest is of step " + manifest.step());
    }
  }
}
