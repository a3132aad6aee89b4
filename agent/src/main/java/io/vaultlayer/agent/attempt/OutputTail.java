package io.vaultlayer.agent.attempt;

import io.vaultlayer.core.end.HardwareSign;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The last of a script's output. */
final class OutputTail {
  private OutputTail() {}

  /** Empty when it cannot be read: then nothing is concluded from it. */
  static String of(Path output) {
    try (var file = new RandomAccessFile(output.toFile(), "r")) {
      long length = file.length();
      var tail = new byte[(int) Math.min(length, HardwareSign.TAIL_BYTES)];
      file.seek(length - tail.length);
      file.readFully(tail);
      return new String(tail, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
