package io.vaultlayer.agent.s3;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

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

  /**
   * Writes exactly {@link #bytes}. @throws StoreException.SourceBroken when what is to be sent
   * cannot be read; any other IOException is the wire's
   */
  void writeTo(OutputStream out) throws IOException;

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
      public void writeTo(OutputStream out) throws IOException {
        out.write(content);
      }
    };
  }
}
