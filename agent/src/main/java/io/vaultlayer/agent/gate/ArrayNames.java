package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The arrays that Orbax' older tree names. In the msgpack document stands, for each array that has
 * a directory of its own, the text {@code PLACEHOLDER://} and the directory's name.
 */
final class ArrayNames {
  private static final byte[] MARK = "PLACEHOLDER://".getBytes(StandardCharsets.US_ASCII);

  /** Trees hold small values only; what is larger is not read. */
  private static final int MOST_BYTES = 16 << 20;

  private static final int MOST_NAMES = 100_000;

  private ArrayNames() {}

  /** Empty where it names none, or cannot be read: that is the format check's affair. */
  static TreeSet<String> in(Part tree) {
    var names = new TreeSet<String>();
    try (var in = new Window(tree.file())) {
      if (in.size() > MOST_BYTES) {
        return names;
      }
      byte[] all = in.piece(0, (int) in.size());
      for (int at = 1; at + MARK.length <= all.length && names.size() < MOST_NAMES; at++) {
        if (startsAt(all, at)) {
          name(all, at).ifPresent(names::add);
        }
      }
      return names;
    } catch (IOException e) {
      return names;
    }
  }

  private static boolean startsAt(byte[] all, int at) {
    for (int i = 0; i < MARK.length; i++) {
      if (all[at + i] != MARK[i]) {
        return false;
      }
    }
    return true;
  }

  /** Its length stands before the text: in five bits, or in one or two bytes behind a code. */
  private static Optional<String> name(byte[] all, int at) {
    int before = all[at - 1] & 0xff;
    int length = -1;
    if (at >= 2 && (all[at - 2] & 0xff) == 0xd9) {
      length = before;
    } else if (at >= 3 && (all[at - 3] & 0xff) == 0xda) {
      length = (all[at - 2] & 0xff) << 8 | before;
    } else if (before >= 0xa0 && before <= 0xbf) {
      length = before & 0x1f;
    }
    return length <= MARK.length || at + length > all.length
        ? Optional.empty()
        : Optional.of(
            new String(all, at + MARK.length, length - MARK.length, StandardCharsets.UTF_8));
  }
}
