package io.vaultlayer.agent.gate;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A msgpack document, as Flax writes its states. Every value tells its length, so the document's
 * end is found by stepping from head to head; arrays are stepped over.
 */
final class MsgpackFormat {
  /** Steps; a document of more values is taken as it is. */
  private static final int MOST_VALUES = 1_000_000;

  private MsgpackFormat() {}

  /** True where a file without an extension begins as a map whose first key is plain text. */
  static boolean begins(byte[] head) {
    if (head.length < 3) {
      return false;
    }
    int map = head[0] & 0xff;
    int at = map >= 0x81 && map <= 0x8f ? 1 : map == 0xde ? 3 : map == 0xdf ? 5 : 0;
    if (at == 0 || at >= head.length) {
      return false;
    }
    int key = head[at] & 0xff;
    int length = key & 0x1f;
    if (key < 0xa1 || key > 0xbf || at + 1 + length > head.length) {
      return false;
    }
    for (int i = at + 1; i <= at + length; i++) {
      if (head[i] < 32) {
        return false;
      }
    }
    return true;
  }

  static Optional<String> problem(Path file) throws IOException {
    try (var in = new Window(file)) {
      long at = 0;
      long pending = 1;
      for (int values = 0; pending > 0; values++) {
        if (values == MOST_VALUES) {
          return Optional.empty();
        }
        Head head = Head.read(in, at);
        if (head.bytes() > in.size() - at) {
          return Optional.of("a msgpack file that is cut short");
        }
        at += head.bytes();
        pending += head.inside() - 1;
      }
      return at == in.size()
          ? Optional.empty()
          : Optional.of("a msgpack file with bytes behind its end");
    } catch (EOFException e) {
      return Optional.of("a msgpack file that is cut short");
    }
  }

  /**
   * One value. @param bytes with what it steps over; @param inside values that follow as its own
   */
  private record Head(long bytes, long inside) {
    static Head read(Window in, long at) throws IOException {
      int code = in.byteAt(at);
      if (code < 0x80 || code >= 0xe0) {
        return new Head(1, 0);
      }
      if (code < 0x90) {
        return new Head(1, 2L * (code & 0x0f));
      }
      if (code < 0xa0) {
        return new Head(1, code & 0x0f);
      }
      if (code < 0xc0) {
        return new Head(1L + (code & 0x1f), 0);
      }
      return switch (code) {
        case 0xc4, 0xd9 -> new Head(2L + in.byteAt(at + 1), 0);
        case 0xc5, 0xda -> new Head(3L + big(in, at + 1, 2), 0);
        case 0xc6, 0xdb -> new Head(5L + big(in, at + 1, 4), 0);
        case 0xc7 -> new Head(3L + in.byteAt(at + 1), 0);
        case 0xc8 -> new Head(4L + big(in, at + 1, 2), 0);
        case 0xc9 -> new Head(6L + big(in, at + 1, 4), 0);
        case 0xcc, 0xd0 -> new Head(2, 0);
        case 0xcd, 0xd1 -> new Head(3, 0);
        case 0xca, 0xce, 0xd2 -> new Head(5, 0);
        case 0xcb, 0xcf, 0xd3 -> new Head(9, 0);
        case 0xd4 -> new Head(3, 0);
        case 0xd5 -> new Head(4, 0);
        case 0xd6 -> new Head(6, 0);
        case 0xd7 -> new Head(10, 0);
        case 0xd8 -> new Head(18, 0);
        case 0xdc -> new Head(3, big(in, at + 1, 2));
        case 0xdd -> new Head(5, big(in, at + 1, 4));
        case 0xde -> new Head(3, 2 * big(in, at + 1, 2));
        case 0xdf -> new Head(5, 2 * big(in, at + 1, 4));
        default -> new Head(1, 0); // nil, false, true, and the one that is never used
      };
    }

    private static long big(Window in, long at, int bytes) throws IOException {
      long value = 0;
      for (int i = 0; i < bytes; i++) {
        value = value << 8 | in.byteAt(at + i);
      }
      return value;
    }
  }
}
