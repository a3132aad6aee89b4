package io.vaultlayer.agent.gate;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads single bytes and small pieces anywhere in a file through one small buffer. Nothing that a
 * file claims of itself makes it read or keep more than it is asked for.
 */
final class Window implements AutoCloseable {
  private static final int BUFFER = 16 << 10;

  private final FileChannel channel;
  private final long size;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
  private long start;

  Window(Path file) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.READ);
    size = channel.size();
    buffer.limit(0);
  }

  long size() {
    return size;
  }

  /** An unsigned byte. @throws EOFException when the file ends before it */
  int byteAt(long at) throws IOException {
    return bytes(at, 1).get() & 0xff;
  }

  int shortAt(long at) throws IOException {
    return bytes(at, 2).getShort() & 0xffff;
  }

  long intAt(long at) throws IOException {
    return bytes(at, 4).getInt() & 0xffff_ffffL;
  }

  /** Little-endian; more than 2^63 comes out negative. */
  long longAt(long at) throws IOException {
    return bytes(at, 8).getLong();
  }

  /**
   * @throws EOFException when the file ends within
   */
  byte[] piece(long at, int length) throws IOException {
    if (at < 0 || length < 0 || at > size - length) {
      throw new EOFException("the file ends at " + size);
    }
    ByteBuffer piece = ByteBuffer.allocate(length);
    while (piece.hasRemaining()) {
      if (channel.read(piece, at + piece.position()) < 0) {
        throw new EOFException("the file ends within " + length + " bytes at " + at);
      }
    }
    return piece.array();
  }

  /** At most so many bytes from here. */
  InputStream stream(long at, long length) throws IOException {
    channel.position(at);
    InputStream all = Channels.newInputStream(channel);
    return new InputStream() {
      private long left = length;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int wanted) throws IOException {
        if (wanted == 0) {
          return 0;
        }
        int got = left <= 0 ? -1 : all.read(into, offset, (int) Math.min(left, wanted));
        left -= Math.max(0, got);
        return got;
      }
    };
  }

  private ByteBuffer bytes(long at, int length) throws IOException {
    if (at < 0 || at > size - length) {
      throw new EOFException("the file ends at " + size);
    }
    if (at < start || at + length > start + buffer.limit()) {
      start = at;
      buffer.clear();
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, at + buffer.position()) < 0) {
          break;
        }
      }
      buffer.flip();
      if (buffer.limit() < length) {
        throw new EOFException("the file has become shorter");
      }
    }
    return buffer.position((int) (at - start));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
