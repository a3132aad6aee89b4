package io.vaultlayer.agent.gate;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** One NumPy array: its header tells type and shape, and so the file's length. */
final class NumpyFormat {
  private static final int MOST_HEADER = 64 << 10;
  private static final Pattern TYPE = Pattern.compile("'descr': '[<>|=]?([biufcSV?])(\\d{0,6})'");
  private static final Pattern SHAPE = Pattern.compile("'shape': \\(([0-9, ]{0,400})\\)");

  private NumpyFormat() {}

  static boolean begins(byte[] head) {
    return head.length >= 6
        && (head[0] & 0xff) == 0x93
        && new String(head, 1, 5, StandardCharsets.ISO_8859_1).equals("NUMPY");
  }

  static Optional<String> problem(Path file) throws IOException {
    try (var in = new Window(file)) {
      boolean wide = in.byteAt(6) > 1;
      long length = wide ? in.intAt(8) : in.shortAt(8);
      int begin = wide ? 12 : 10;
      if (length > MOST_HEADER) {
        return Optional.empty();
      }
      String header = new String(in.piece(begin, (int) length), StandardCharsets.ISO_8859_1);
      var type = TYPE.matcher(header);
      var shape = SHAPE.matcher(header);
      if (!type.find() || !shape.find()) {
        return Optional.empty(); // objects, records: their length is not stated
      }
      long bytes = type.group(2).isEmpty() ? 1 : Long.parseLong(type.group(2));
      for (String side : shape.group(1).split(",")) {
        if (!side.isBlank()) {
          bytes = Math.multiplyExact(bytes, Long.parseLong(side.strip()));
        }
      }
      return in.size() - begin - length >= bytes
          ? Optional.empty()
          : Optional.of("a NumPy array that is cut short");
    } catch (EOFException e) {
      return Optional.of("a NumPy array that is cut short");
    } catch (ArithmeticException | NumberFormatException e) {
      return Optional.of("a NumPy array of a size that no file has");
    }
  }
}
