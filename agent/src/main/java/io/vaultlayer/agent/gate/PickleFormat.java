package io.vaultlayer.agent.gate;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * A pickle, read as far as its first stop and without making anything of it. What torch wrote
 * before 1.6 is five pickles and then bare storages of no stated length: those are not seen. What
 * joblib wrote has bare arrays between its codes and is not followed.
 */
final class PickleFormat {
  private static final byte STOP = '.';

  /** With this number torch's older files begin: protocol 2, and an integer of ten bytes. */
  private static final byte[] TORCH = {
    (byte) 0x80,
    2,
    (byte) 0x8a,
    10,
    0x6c,
    (byte) 0xfc,
    (byte) 0x9c,
    0x46,
    (byte) 0xf9,
    0x20,
    0x6a,
    (byte) 0xa8,
    0x50,
    0x19,
    STOP
  };

  private static final int TORCHS_PICKLES = 5;
  private static final int MOST_CODES = 1_000_000;
  private static final int MOST_LINE = 1 << 20;
  private static final String JOBLIB = "joblib.";

  private PickleFormat() {}

  /** Protocol 2 and later. */
  static boolean begins(byte[] head) {
    return head.length >= 2 && (head[0] & 0xff) == 0x80 && head[1] >= 2 && head[1] <= 5;
  }

  static Optional<String> problem(Path file) throws IOException {
    try (var in = new Window(file)) {
      long at = 0;
      int stops = isTorchs(in) ? TORCHS_PICKLES : 1;
      for (int codes = 0; codes < MOST_CODES; codes++) {
        int code = in.byteAt(at);
        if (code == STOP && --stops == 0) {
          return Optional.empty();
        }
        long next = next(in, at, code);
        if (next < 0) {
          return Optional.empty(); // somebody's own codes, or bytes between them
        }
        at = next;
      }
      return Optional.empty();
    } catch (EOFException e) {
      return Optional.of("a pickle that is cut short");
    }
  }

  /** Where the next code stands; negative when this is none that is known. */
  private static long next(Window in, long at, int code) throws IOException {
    return switch (code) {
      case 'K', 'h', 'q', 0x80, 0x82 -> at + 2;
      case 'M', 0x83 -> at + 3;
      case 'J', 'j', 'r', 0x84 -> at + 5;
      case 'G', 0x95 -> at + 9;
      case 0x8c -> isJoblib(in, at + 2) ? -1 : at + 2 + in.byteAt(at + 1);
      case 'U', 'C', 0x8a -> at + 2 + in.byteAt(at + 1);
      case 'T', 'B', 'X', 0x8b -> at + 5 + in.intAt(at + 1);
      case 0x8d, 0x8e, 0x96 -> far(at, in.longAt(at + 1));
      case 'F', 'I', 'L', 'P', 'S', 'V', 'g', 'p' -> line(in, at + 1);
      case 'c', 'i' -> isJoblib(in, at + 1) ? -1 : line(in, line(in, at + 1));
      case STOP,
          '(',
          '0',
          '1',
          '2',
          'N',
          'R',
          'Q',
          'a',
          'b',
          'd',
          '}',
          'e',
          'l',
          ']',
          'o',
          's',
          't',
          ')',
          'u',
          0x81,
          0x85,
          0x86,
          0x87,
          0x88,
          0x89,
          0x8f,
          0x90,
          0x91,
          0x92,
          0x93,
          0x94,
          0x97,
          0x98 ->
          at + 1;
      default -> -1;
    };
  }

  private static boolean isTorchs(Window in) throws IOException {
    return in.size() >= TORCH.length && Arrays.equals(in.piece(0, TORCH.length), TORCH);
  }

  private static boolean isJoblib(Window in, long at) throws IOException {
    return in.size() - at >= JOBLIB.length()
        && new String(in.piece(at, JOBLIB.length()), StandardCharsets.ISO_8859_1).equals(JOBLIB);
  }

  private static long far(long at, long length) throws EOFException {
    if (length < 0 || length > Long.MAX_VALUE - at - 9) {
      throw new EOFException("a length that no file has");
    }
    return at + 9 + length;
  }

  private static long line(Window in, long at) throws IOException {
    for (long end = at; end - at < MOST_LINE; end++) {
      if (in.byteAt(end) == '\n') {
        return end + 1;
      }
    }
    throw new EOFException("a line without an end");
  }
}
