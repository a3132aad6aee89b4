package io.vaultlayer.agent.gate;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The manifest of a tensorstore database: a mark, its own length, and at the end a checksum of all
 * before it. The nodes and values that it names are not followed.
 */
final class OcdbtFormat {
  private static final int[] MARK = {0x0c, 0xdb, 0x3a, 0x2a};

  /** Real ones have some hundred bytes. */
  private static final int MOST_BYTES = 4 << 20;

  private OcdbtFormat() {}

  static Optional<String> problem(Path file) throws IOException {
    try (var in = new Window(file)) {
      for (int i = 0; i < MARK.length; i++) {
        if (in.byteAt(i) != MARK[i]) {
          return Optional.of("not a tensorstore manifest");
        }
      }
      if (in.longAt(4) != in.size()) {
        return Optional.of("a tensorstore manifest of another length than it states");
      }
      if (in.size() > MOST_BYTES) {
        return Optional.empty();
      }
      var sum = new CRC32C();
      sum.update(in.piece(0, (int) in.size() - 4));
      return sum.getValue() == in.intAt(in.size() - 4)
          ? Optional.empty()
          : Optional.of("a tensorstore manifest whose checksum is wrong");
    } catch (EOFException e) {
      return Optional.of("a tensorstore manifest that is cut short");
    }
  }
}
