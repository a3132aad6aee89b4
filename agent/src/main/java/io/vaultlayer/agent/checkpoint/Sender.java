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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.zip.CRC32;

/** Puts single files into the bucket, each under a key that is written once and never again. */
final class Sender {
  /** From here on a file goes in parts; below, one request is quicker. */
  static final long MULTIPART_FROM = 64L << 20;

  /** A store may want all parts but the last of equal size (R2 does). */
  static final long PART = 16L << 20;

  /** Part count that the part size is raised for; below the stores' limit of 10,000. */
  private static final long MOST_PARTS = 9_000;

  /** Other content under one's key is rare; more than this many is somebody's mistake. */
  private static final int MOST_PLACES = 9;

  private static final int PIECE = 128 << 10;

  private final ObjectStore store;
  private final Stop stop;
  private final long multipartFrom;
  private final long part;

  Sender(ObjectStore store, Stop stop) {
    this(store, stop, MULTIPART_FROM, PART);
  }

  Sender(ObjectStore store, Stop stop, long multipartFrom, long part) {
    this.store = store;
    this.stop = stop;
    this.multipartFrom = multipartFrom;
    this.part = part;
  }

  /**
   * One file to store.
   *
   * @param path as the manifest will say it
   * @param prefix of the key, ending in a slash; {@code name} the rest of it
   */
  record Item(Path file, Stat stat, String path, String prefix, String name) {
    /** Where it goes when its place, and {@code place - 2} others, hold something else. */
    String key(int place) {
      return place == 1 ? prefix + name : prefix + "_" + place + "/" + name;
    }
  }

  boolean isLarge(Item item) {
    return item.stat().bytes() >= multipartFrom;
  }

  /**
   * Stores a file, or finds it stored.
   *
   * @param known files of the last committed checkpoint by SHA-256, whose objects may be named
   *     again
   * @param firstPlace 1, or 2 when the first place is reserved
   * @throws SourceChanged when the file is not what the snapshot took
   */
  Manifest.File send(Item item, Known known, int firstPlace) throws IOException {
    try {
      Optional<Read> read = Optional.empty();
      if (known.hasSize(item.stat().bytes())) {
        read = Optional.of(read(item));
        var same = known.find(read.get().sha256(), item.stat().bytes());
        if (same.isPresent()) {
          return file(item, same.get().key(), read.get());
        }
      }
      return isLarge(item) ? sendParts(item, read, firstPlace) : sendWhole(item, read, firstPlace);
    } catch (StoreException.SourceBroken e) {
      throw new SourceChanged(e.getMessage());
    }
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

  /**
   * What one reading of a file found.
   *
   * @param parts CRC32 of each part, in order
   */
  private record Read(String sha256, long crc, List<Long> parts) {}

  private Manifest.File sendWhole(Item item, Optional<Read> read, int firstPlace)
      throws IOException {
    FileBody body =
        read.isPresent()
            ? FileBody.known(item.file(), item.stat(), 0, item.stat().bytes(), read.get().crc())
            : FileBody.whole(item.file(), item.stat());
    for (int place = firstPlace; place <= MOST_PLACES; place++) {
      String key = item.key(place);
      try {
        store.putIfAbsent(key, body);
        return file(
            item,
            key,
            read.orElseGet(() -> new Read(body.sent().sha256(), body.sent().crc(), List.of())));
      } catch (StoreException.AlreadyThere e) {
        // An earlier run of this epoch, or this very request whose answer was lost; or other bytes.
        Read mine = read(item);
        if (holds(key, item.stat().bytes(), mine.sha256())) {
          return file(item, key, mine);
        }
      }
    }
    throw taken(item);
  }

  private Manifest.File sendParts(Item item, Optional<Read> read, int firstPlace)
      throws IOException {
    for (int place = firstPlace; place <= MOST_PLACES; place++) {
      String key = item.key(place);
      Optional<ObjectStore.ObjectInfo> there = store.head(key);
      if (there.isPresent()) {
        if (there.get().bytes() == item.stat().bytes()) {
          Read mine = read.isPresent() ? read.get() : read(item);
          if (holds(key, item.stat().bytes(), mine.sha256())) {
            return file(item, key, mine);
          }
        }
        continue;
      }
      Optional<Manifest.File> sent = sendParts(item, key, read);
      if (sent.isPresent()) {
        return sent.get();
      }
    }
    throw taken(item);
  }

  /** Reads part after part, and sends each from a thread of its own while reading on. */
  private Optional<Manifest.File> sendParts(Item item, String key, Optional<Read> read)
      throws IOException {
    String upload = store.createMultipart(key);
    boolean open = true;
    var parts = new ConcurrentSkipListMap<Integer, ObjectStore.Part>();
    try (var crew = new Crew()) {
      EachPart send =
          (number, at, length, crc) -> {
            var body = FileBody.known(item.file(), item.stat(), at, length, crc);
            crew.start(() -> parts.put(number, store.uploadPart(key, upload, number, body)));
            return !crew.hasFailed();
          };
      Read mine;
      if (read.isPresent()) {
        mine = read.get();
        resend(item, mine, send);
      } else {
        mine = read(item, send);
      }
      crew.finish();
      unchanged(item);
      open = !complete(item, key, upload, List.copyOf(parts.values()), mine);
      return open ? Optional.empty() : Optional.of(file(item, key, mine));
    } finally {
      if (open) {
        abort(key, upload);
      }
    }
  }

  /** Takes each part when its digest is known. */
  private interface EachPart {
    /**
     * @return false to read no further
     */
    boolean take(int number, long at, long length, long crc) throws IOException;
  }

  private void resend(Item item, Read read, EachPart send) throws IOException {
    long size = partBytes(item.stat().bytes());
    int number = 1;
    for (long crc : read.parts()) {
      long at = size * (number - 1);
      if (!send.take(number++, at, Math.min(size, item.stat().bytes() - at), crc)) {
        return;
      }
    }
  }

  /** False when the key holds something else. */
  private boolean complete(
      Item item, String key, String upload, List<ObjectStore.Part> parts, Read read)
      throws StoreException {
    try {
      store.completeMultipart(key, upload, parts, true);
      return true;
    } catch (StoreException.AlreadyThere | StoreException.NotThere e) {
      if (holds(key, item.stat().bytes(), read.sha256())) {
        return true;
      }
      if (e instanceof StoreException.NotThere) {
        throw e;
      }
      return false;
    }
  }

  private void abort(String key, String upload) {
    try {
      store.abortMultipart(key, upload);
    } catch (StoreException e) {
      // The bucket's life-cycle rule drops it.
    }
  }

  private boolean holds(String key, long bytes, String sha256) throws StoreException {
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

  private Read read(Item item) throws IOException {
    Read read = read(item, (number, at, length, crc) -> true);
    unchanged(item);
    return read;
  }

  private Read read(Item item, EachPart then) throws IOException {
    MessageDigest sha = Hex.newSha256();
    var whole = new CRC32();
    var parts = new ArrayList<Long>();
    long end = item.stat().bytes();
    long size = partBytes(end);
    try (FileChannel channel = FileChannel.open(item.file(), StandardOpenOption.READ)) {
      for (long at = 0; at < end; at += size) {
        long length = Math.min(size, end - at);
        long crc = digest(channel, at, length, sha, whole);
        parts.add(crc);
        if (!then.take(parts.size(), at, length, crc)) {
          break;
        }
      }
    }
    return new Read(Hex.of(sha.digest()), whole.getValue(), List.copyOf(parts));
  }

  /**
   * @return the stretch's own CRC32
   */
  private long digest(FileChannel channel, long from, long length, MessageDigest sha, CRC32 whole)
      throws IOException {
    var stretch = new CRC32();
    var buffer = ByteBuffer.allocate(PIECE);
    for (long at = from; at < from + length; ) {
      stop.check();
      buffer.clear().limit((int) Math.min(PIECE, from + length - at));
      int got = channel.read(buffer, at);
      if (got < 0) {
        throw new SourceChanged("it became shorter while it was read");
      }
      sha.update(buffer.array(), 0, got);
      whole.update(buffer.array(), 0, got);
      stretch.update(buffer.array(), 0, got);
      at += got;
    }
    return stretch.getValue();
  }

  private static void unchanged(Item item) throws IOException {
    Optional<Stat> now = Stat.of(item.file());
    if (now.isEmpty() || !now.get().sameContent(item.stat())) {
      throw new SourceChanged(item.path() + " changed while it was uploaded");
    }
  }

  private long partBytes(long bytes) {
    long needed = (bytes + MOST_PARTS - 1) / MOST_PARTS;
    long mebibyte = 1L << 20;
    return needed <= part ? part : (needed + mebibyte - 1) / mebibyte * mebibyte;
  }

  private static Manifest.File file(Item item, String key, Read read) {
    return new Manifest.File(
        item.path(), key, item.stat().bytes(), read.sha256(), Hex.crc(read.crc()));
  }

  private static IOException taken(Item item) {
    return new SourceChanged("every place for " + item.path() + " in the bucket is taken");
  }
}
