package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.Stop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * All digests of a file in one pass over its bytes, in order. The SHA-256 is the promise; the two
 * checksums of a part only say whether it is worth sending: together they are 64 bits that a change
 * of the part leaves as they were once in 10^19 changes, and the SHA-256 would still show it.
 */
final class Digest {
  /** Fits with what is made of it into a core's own cache. */
  static final int PIECE = 128 << 10;

  /** Of a stretch of a file. */
  record Part(long bytes, long crc32, long crc32c) {}

  /** Of a whole file. */
  record Whole(String sha256, long crc32, List<Part> parts) {}

  private final MessageDigest sha = Hex.newSha256();
  private final CRC32 crc32 = new CRC32();
  private final CRC32C crc32c = new CRC32C();
  private final List<Part> parts = new ArrayList<>();

  /** SHA-256 reads arrays only; a direct buffer goes through this one, of each thread. */
  private static final ThreadLocal<byte[]> PIECES = ThreadLocal.withInitial(() -> new byte[PIECE]);

  private long whole;
  private long inPart;

  /** Takes what remains in the buffer, and leaves its position at its limit. */
  private void update(ByteBuffer bytes) {
    byte[] piece = PIECES.get();
    while (bytes.hasRemaining()) {
      int length = Math.min(piece.length, bytes.remaining());
      bytes.get(piece, 0, length);
      sha.update(piece, 0, length);
      crc32.update(piece, 0, length);
      crc32c.update(piece, 0, length);
      inPart += length;
    }
  }

  /**
   * Reads a stretch of a file into a block, digests it on the way, and ends a part with it.
   *
   * @throws SourceChanged when the file is shorter
   */
  Part read(FileChannel file, long at, int length, ByteBuffer into, Stop stop) throws IOException {
    into.clear();
    while (into.position() < length) {
      stop.check();
      int from = into.position();
      into.limit(Math.min(length, from + PIECE));
      if (file.read(into, at + from) < 0) {
        throw new SourceChanged("it became shorter while it was read");
      }
      update(into.duplicate().flip().position(from));
    }
    into.flip();
    return endPart();
  }

  /** The part since the last call. */
  Part endPart() {
    var part = new Part(inPart, crc32.getValue(), crc32c.getValue());
    parts.add(part);
    whole = Crc.combined(whole, part.crc32(), part.bytes());
    crc32.reset();
    crc32c.reset();
    inPart = 0;
    return part;
  }

  /** Of the parts that were ended. */
  Whole whole() {
    return new Whole(Hex.of(sha.digest()), whole, List.copyOf(parts));
  }
}
