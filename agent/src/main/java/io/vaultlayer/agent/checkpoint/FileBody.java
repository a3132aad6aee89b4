package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A stretch of a file on its way out. Digests are of the very bytes that were sent. The last piece
 * is held back until the file is known to be unchanged: without it the store never makes the
 * object, so a file that was written to meanwhile leaves nothing behind.
 */
final class FileBody implements Body {
  private static final int PIECE = 128 << 10;

  private final Path file;
  private final Stat expected;
  private final long offset;
  private final long bytes;

  /** CRC32 that the stretch must still have; empty when this is its first reading. */
  private final Optional<Long> crc;

  private final boolean digest;
  private Digests sent;

  /** Of what was sent; {@code sha256} empty where it was not asked for. */
  record Digests(String sha256, long crc) {}

  private FileBody(
      Path file, Stat expected, long offset, long bytes, Optional<Long> crc, boolean digest) {
    this.file = file;
    this.expected = expected;
    this.offset = offset;
    this.bytes = bytes;
    this.crc = crc;
    this.digest = digest;
  }

  /** A whole file that nobody has read yet: digested as it goes. */
  static FileBody whole(Path file, Stat expected) {
    return new FileBody(file, expected, 0, expected.bytes(), Optional.empty(), true);
  }

  /** A stretch whose CRC32 is known from the reading that digested it. */
  static FileBody known(Path file, Stat expected, long offset, long bytes, long crc) {
    return new FileBody(file, expected, offset, bytes, Optional.of(crc), false);
  }

  /** Of the last complete {@link #writeTo}. */
  Digests sent() {
    return sent;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    MessageDigest sha = digest ? Hex.newSha256() : null;
    var check = new CRC32();
    // Two buffers take turns: one is held back while the other is filled.
    int size = (int) Math.min(PIECE, bytes);
    byte[] held = new byte[size];
    byte[] next = new byte[size];
    int waiting = 0;
    try (FileChannel channel = open()) {
      long end = offset + bytes;
      for (long at = offset; at < end; at += waiting) {
        int length = (int) Math.min(size, end - at);
        read(channel, at, next, length);
        out.write(held, 0, waiting);
        if (sha != null) {
          sha.update(next, 0, length);
        }
        check.update(next, 0, length);
        byte[] filled = next;
        next = held;
        held = filled;
        waiting = length;
      }
    }
    verify(check.getValue());
    out.write(held, 0, waiting);
    sent = new Digests(sha == null ? "" : Hex.of(sha.digest()), check.getValue());
  }

  private FileChannel open() throws StoreException.SourceBroken {
    try {
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw broken("cannot be read: " + e.getMessage(), e);
    }
  }

  private void read(FileChannel channel, long at, byte[] into, int length)
      throws StoreException.SourceBroken {
    var piece = ByteBuffer.wrap(into, 0, length);
    try {
      while (piece.hasRemaining()) {
        if (channel.read(piece, at + piece.position()) < 0) {
          throw broken("became shorter", null);
        }
      }
    } catch (StoreException.SourceBroken e) {
      throw e;
    } catch (IOException e) {
      throw broken("cannot be read: " + e.getMessage(), e);
    }
  }

  private void verify(long seen) throws StoreException.SourceBroken {
    Optional<Stat> now;
    try {
      now = Stat.of(file);
    } catch (IOException e) {
      throw broken("cannot be looked at: " + e.getMessage(), e);
    }
    if (now.isEmpty() || !now.get().sameContent(expected) || crc.isPresent() && crc.get() != seen) {
      throw broken("changed while it was uploaded", null);
    }
  }

  private StoreException.SourceBroken broken(String what, IOException cause) {
    return new StoreException.SourceBroken(file.getFileName() + " " + what, cause);
  }
}
