package io.vaultlayer.agent.s3;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a PUT sends. {@link #writeTo} is called again from the start for every try, on one thread at
 * a time.
 */
public interface Body {
  long bytes();

  /** Hex SHA-256 where it is known before sending; else the payload goes unsigned. */
  default Optional<String> sha256() {
    return Optional.empty();
  }

  /** CRC-32 where it is known before sending: the store compares it with what arrives. */
  default OptionalLong crc32() {
    return OptionalLong.empty();
  }

  /**
   * Writes exactly {@link #bytes}; each write of the channel takes all that it is given. @throws
   * StoreException.SourceBroken when what is to be sent cannot be read; any other IOException is
   * the wire's
   */
  void writeTo(WritableByteChannel out) throws IOException;

  static Body of(byte[] content) {
    return new Body() {
      @Override
      public long bytes() {
        return content.length;
      }

      @Override
      public Optional<String> sha256() {
        return Optional.of(Hex.of(Hex.sha256(content)));
      }

      @Override
      public void writeTo(WritableByteChannel out) throws IOException {
        out.write(ByteBuffer.wrap(content));
      }
    };
  }

  /**
   * Bytes that stay in memory until they are sent.
   *
   * @param content from its position to its limit; not to be changed meanwhile
   */
  static Body of(ByteBuffer content, long crc32) {
    ByteBuffer whole = content.asReadOnlyBuffer();
    return new Body() {
      @Override
      public long bytes() {
        return whole.remaining();
      }

      @Override
      public OptionalLong crc32() {
        return OptionalLong.of(crc32);
      }

      @Override
      public void writeTo(WritableByteChannel out) throws IOException {
        out.write(whole.duplicate());
      }
    };
  }
}
