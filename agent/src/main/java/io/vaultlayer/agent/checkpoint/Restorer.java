package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
    if (key == null || !isOwn(scope, key)) {
      throw new DamagedCheckpoint("the manifest " + key + " is not the job's own");
    }
    byte[] content;
    try {
      content = store.read(key, Limits.MOST_MANIFEST_BYTES);
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
   * Downloads files below a directory, and verifies them.
   *
   * @param files some of a checked manifest's
   */
  void download(List<Manifest.File> files, Path into) throws DamagedCheckpoint, IOException {
    try (var crew = new Crew(Crew.LARGE)) {
      for (Manifest.File file : files) {
        Path target = into.resolve(file.path());
        Files.createDirectories(target.getParent());
        try (var out = new RandomAccessFile(target.toFile(), "rw")) {
          out.setLength(file.bytes());
        }
        for (long at = 0; at < Math.max(1, file.bytes()) && !crew.hasFailed(); at += range) {
          long from = at;
          crew.start(() -> fetch(file, target, from));
        }
      }
      crew.finish();
    } catch (Damage e) {
      throw new DamagedCheckpoint(e.getMessage());
    }
    try (var crew = new Crew(Crew.LARGE)) {
      for (Manifest.File file : files) {
        crew.start(() -> verify(file, into.resolve(file.path())));
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

  private void fetch(Manifest.File file, Path target, long from) throws IOException {
    long total;
    try {
      if (file.bytes() == 0) {
        total = store.head(file.key()).orElseThrow(() -> new Damage(file, "is missing")).bytes();
      } else {
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
          long bytes = Math.min(range, file.bytes() - from);
          total = store.readInto((piece, at) -> write(channel, piece, at), file.key(), from, bytes);
        }
      }
    } catch (StoreException.NotThere e) {
      throw new Damage(file, "is missing");
    } catch (StoreException.WrongSize e) {
      throw new Damage(file, "is shorter than the " + file.bytes() + " bytes committed");
    }
    if (total != file.bytes()) {
      throw new Damage(file, "has " + total + " bytes and not the " + file.bytes() + " committed");
    }
  }

  private static void verify(Manifest.File file, Path path) throws IOException {
    if (!sha256(path).equals(file.sha256())) {
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
    List<Manifest.File> files = manifest.files();
    if (files == null || files.isEmpty() || files.size() > Limits.MOST_FILES) {
      throw new DamagedCheckpoint("the manifest names no files, or too many");
    }
    if (manifest.step() == null || manifest.step() != pointer.step()) {
      throw new DamagedCheckpoint("the manifest is of step " + manifest.step());
    }
    Map<String, Boolean> taken = new HashMap<>();
    Set<String> directories = new HashSet<>();
    for (Manifest.File file : files) {
      if (file == null || file.path() == null || file.key() == null || file.sha256() == null) {
        throw new DamagedCheckpoint("the manifest has an incomplete entry");
      }
      if (file.bytes() < 0 || !isSafe(file.path()) || taken.put(file.path(), true) != null) {
        throw new DamagedCheckpoint(
            "the manifest names a file wrongly: " + Gate.shown(file.path()));
      }
      if (!isOwn(scope, file.key())) {
        throw new DamagedCheckpoint("the manifest names a key that is not the job's own");
      }
      for (int at = file.path().indexOf('/'); at >= 0; at = file.path().indexOf('/', at + 1)) {
        directories.add(file.path().substring(0, at));
      }
    }
    for (String directory : directories) {
      if (taken.containsKey(directory)) {
        throw new DamagedCheckpoint(
            "the manifest has a file where it has a directory: " + Gate.shown(directory));
      }
    }
  }

  private static boolean isOwn(Scope scope, String key) {
    return key.startsWith(scope.jobPrefix() + "checkpoints/") && isSafe(key);
  }

  /** Relative, without segments that lead elsewhere, and nothing that our own names use. */
  private static boolean isSafe(String path) {
    if (path.isEmpty() || path.indexOf('\0') >= 0 || path.startsWith(KeptDirectory.STAGING)) {
      return false;
    }
    for (String segment : path.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return false;
      }
    }
    return path.split("/", -1).length <= Tree.DEEPEST + 8;
  }
}
