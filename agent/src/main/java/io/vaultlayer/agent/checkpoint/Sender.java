package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Puts single files into the bucket, each under a key that is written once and never again. Every
 * byte is read once: into a block of memory, digested there, and sent from there as often as it
 * takes, so that what was digested is what was sent.
 */
final class Sender {
  /** Files of up to this size go in one request; it is the size of a block. */
  static final long WHOLE_UP_TO = 16L << 20;

  /** A store may want all parts but the last of equal size (R2 does). */
  static final long PART = 16L << 20;

  /** Such files are mostly waiting for answers: many of them go at once. */
  private static final long SMALL_UP_TO = 1L << 20;

  /** Part count that the part size is raised for; below the stores' limit of 10,000. */
  private static final long MOST_PARTS = 9_000;

  /** Other content under one's key is rare; more than this many is somebody's mistake. */
  private static final int MOST_PLACES = 9;

  private final ObjectStore store;
  private final Stop stop;
  private final long wholeUpTo;
  private final long part;

  /** Until the store refuses one. */
  private volatile boolean copies = true;

  /**
   * The same from other epochs: some stores have no credential that reads there and writes here.
   */
  private volatile boolean copiesAcross = true;

  Sender(ObjectStore store, Stop stop) {
    this(store, stop, WHOLE_UP_TO, PART);
  }

  Sender(ObjectStore store, Stop stop, long wholeUpTo, long part) {
    this.store = store;
    this.stop = stop;
    this.wholeUpTo = wholeUpTo;
    this.part = part;
  }

  /**
   * One file to store.
   *
   * @param path as the manifest will say it
   * @param prefix of the key, ending in a slash; {@code name} the rest of it
   * @param firstPlace 1, or 2 when the first place is reserved
   */
  record Item(Path file, Stat stat, String path, String prefix, String name, int firstPlace) {
    long bytes() {
      return stat.bytes();
    }

    /** Where it goes when its place, and {@code place - 2} others, hold something else. */
    String key(int place) {
      return place == 1 ? prefix + name : prefix + "_" + place + "/" + name;
    }
  }

  ObjectStore store() {
    return store;
  }

  Stop stop() {
    return stop;
  }

  boolean isSmall(Item item) {
    return item.bytes() <= SMALL_UP_TO && item.bytes() <= wholeUpTo;
  }

  boolean inParts(Item item) {
    return item.bytes() > wholeUpTo;
  }

  /** How much of a file is in memory at once. */
  long pieceBytes(Item item) {
    return inParts(item) ? partBytes(item.bytes()) : item.bytes();
  }

  long partBytes(long bytes) {
    long needed = (bytes + MOST_PARTS - 1) / MOST_PARTS;
    long mebibyte = 1L << 20;
    return needed <= part ? part : (needed + mebibyte - 1) / mebibyte * mebibyte;
  }

  /** Whether the store may be asked to copy parts of one object into another. */
  boolean copies(String from, String to) {
    return copies && (copiesAcross || inOneEpoch(from, to));
  }

  /** It refused that. */
  void copyNoMore(String from, String to) {
    copies = copies && !inOneEpoch(from, to);
    copiesAcross = false;
  }

  private static boolean inOneEpoch(String from, String to) {
    return epoch(from).equals(epoch(to));
  }

  /** {@code jobs/<job>/checkpoints/<epoch>/} of a key. */
  private static String epoch(String key) {
    int end = -1;
    for (int segment = 0; segment < 4; segment++) {
      end = key.indexOf('/', end + 1);
      if (end < 0) {
        return key;
      }
    }
    return key.substring(0, end);
  }

  /** Reads a file into a block. @throws SourceChanged when it is not what the snapshot took */
  Digest.Whole read(Item item, ByteBuffer block) throws IOException {
    var digest = new Digest();
    try (FileChannel file = open(item)) {
      digest.read(file, 0, Math.toIntExact(item.bytes()), block, stop);
    }
    unchanged(item);
    return digest.whole();
  }

  /** Digests a file part by part through a block. */
  Digest.Whole digest(Item item, ByteBuffer block) throws IOException {
    var digest = new Digest();
    long size = partBytes(item.bytes());
    try (FileChannel file = open(item)) {
      for (long at = 0; at < item.bytes(); at += size) {
        digest.read(file, at, (int) Math.min(size, item.bytes() - at), block, stop);
      }
    }
    unchanged(item);
    return digest.whole();
  }

  static FileChannel open(Item item) throws IOException {
    try {
      return FileChannel.open(item.file(), StandardOpenOption.READ);
    } catch (IOException e) {
      throw new SourceChanged(item.path() + " cannot be read: " + e.getMessage());
    }
  }

  /** Stores a file whose content lies in a block, or finds it stored. */
  Manifest.File put(Item item, ByteBuffer content, Digest.Whole digest, Known known)
      throws IOException {
    Optional<Manifest.File> same = known.find(item.path(), digest.sha256(), item.bytes());
    if (same.isPresent()) {
      return file(item, same.get().key(), digest);
    }
    for (int place = item.firstPlace(); place <= MOST_PLACES; place++) {
      String key = item.key(place);
      try {
        store.putIfAbsent(key, Body.of(content, digest.crc32()));
        return file(item, key, digest);
      } catch (StoreException.AlreadyThere e) {
        // An earlier run of this epoch, or this very request whose answer was lost; or other bytes.
        if (holds(key, item.bytes(), digest.sha256())) {
          return file(item, key, digest);
        }
      }
    }
    throw taken(item);
  }

  /**
   * The first of a file's places that is free.
   *
   * @param there asked of an object of the same size: is it this very file
   * @return empty when it is
   */
  Optional<String> freePlace(Item item, Present there) throws IOException {
    for (int place = item.firstPlace(); place <= MOST_PLACES; place++) {
      String key = item.key(place);
      Optional<ObjectStore.ObjectInfo> found = store.head(key);
      if (found.isEmpty()) {
        return Optional.of(key);
      }
      if (found.get().bytes() == item.bytes() && there.isStored(key)) {
        return Optional.empty();
      }
    }
    throw taken(item);
  }

  /** Whether what lies under a key is the file in question. */
  interface Present {
    boolean isStored(String key) throws IOException;
  }

  /** Stores a manifest. @return false when another object is there */
  boolean sendManifest(String key, byte[] content) throws StoreException {
    try {
      store.putIfAbsent(key, Body.of(content));
      return true;
    } catch (StoreException.AlreadyThere e) {
      return holds(key, content.length, Hex.of(Hex.sha256(content)));
    }
  }

  /** Reads an object back and compares. */
  boolean holds(String key, long bytes, String sha256) throws StoreException {
    Optional<ObjectStore.ObjectInfo> there = store.head(key);
    if (there.isEmpty() || there.get().bytes() != bytes) {
      return false;
    }
    MessageDigest sha = Hex.newSha256();
    if (bytes > 0) {
      store.readInto((piece, at) -> sha.update(piece), key, 0, bytes);
    }
    return Hex.of(sha.digest()).equals(sha256);
  }

  /**
   * @throws SourceChanged when a file is not what the snapshot took
   */
  static void unchanged(Item item) throws IOException {
    Optional<Stat> now = Stat.of(item.file());
    if (now.isEmpty() || !now.get().sameContent(item.stat())) {
      throw new SourceChanged(item.path() + " changed while it was uploaded");
    }
  }

  static Manifest.File file(Item item, String key, Digest.Whole digest) {
    return new Manifest.File(
        item.path(), key, item.bytes(), digest.sha256(), Hex.crc(digest.crc32()));
  }

  private static IOException taken(Item item) {
    return new SourceChanged("every place for " + item.path() + " in the bucket is taken");
  }
}
