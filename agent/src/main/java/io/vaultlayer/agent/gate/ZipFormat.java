package io.vaultlayer.agent.gate;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A zip, as torch, NumPy and Keras write it: its directory stands at the end and names each entry's
 * place. Entries are not read, so no bomb can go off, and checksums are not compared: torch can be
 * told to leave them out.
 */
final class ZipFormat {
  private static final long LOCAL = 0x04034b50;
  private static final long ENTRY = 0x02014b50;
  private static final long END = 0x06054b50;
  private static final long END_64 = 0x06064b50;
  private static final long LOCATOR_64 = 0x07064b50;
  private static final int END_BYTES = 22;
  private static final int LOCATOR_BYTES = 20;
  private static final int ENTRY_BYTES = 46;
  private static final int LOCAL_BYTES = 30;
  private static final int MOST_COMMENT = 0xffff;
  private static final long IN_64 = 0xffff_ffffL;

  /** Some 200,000 entries; what comes after them is taken as it is. */
  private static final long MOST_DIRECTORY = 16 << 20;

  private static final int MOST_NAME = 512;

  private ZipFormat() {}

  static boolean begins(byte[] head) {
    return head.length >= 4 && head[0] == 'P' && head[1] == 'K' && head[2] == 3 && head[3] == 4;
  }

  /** What is wrong with it. @param torch whether it is named as torch names what it saves */
  static Optional<String> problem(Path file, boolean torch) throws IOException {
    try (var in = new Window(file)) {
      Optional<Directory> found = directory(in);
      return found.isEmpty()
          ? Optional.of("not a whole zip file: its directory, which is written last, is missing")
          : problem(in, found.get(), torch);
    } catch (EOFException e) {
      return Optional.of("not a whole zip file");
    }
  }

  /** Where the directory lies. @param end the first byte behind it */
  private record Directory(long at, long end, long entries) {}

  private static Optional<Directory> directory(Window in) throws IOException {
    if (in.size() < END_BYTES) {
      return Optional.empty();
    }
    long first = Math.max(0, in.size() - END_BYTES - MOST_COMMENT);
    byte[] tail = in.piece(first, (int) (in.size() - first));
    for (int i = tail.length - END_BYTES; i >= 0; i--) {
      if (tail[i] == 'P'
          && tail[i + 1] == 'K'
          && in.intAt(first + i) == END
          && in.shortAt(first + i + 20) == tail.length - i - END_BYTES) {
        Optional<Directory> found = directory(in, first + i);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /** The directory that a record at this place describes, when it ends where it must. */
  private static Optional<Directory> directory(Window in, long end) throws IOException {
    long locator = end - LOCATOR_BYTES;
    if (locator >= 0 && in.intAt(locator) == LOCATOR_64) {
      long record = in.longAt(locator + 8);
      if (record < 0 || record > locator - 56 || in.intAt(record) != END_64) {
        return Optional.empty();
      }
      return fitting(
          record, in.longAt(record + 48), in.longAt(record + 40), in.longAt(record + 32));
    }
    return fitting(end, in.intAt(end + 16), in.intAt(end + 12), in.shortAt(end + 10));
  }

  private static Optional<Directory> fitting(long end, long at, long bytes, long entries) {
    boolean fits = at >= 0 && bytes >= 0 && at <= end && bytes == end - at && entries >= 0;
    return fits ? Optional.of(new Directory(at, end, entries)) : Optional.empty();
  }

  private static Optional<String> problem(Window in, Directory directory, boolean torch)
      throws IOException {
    if (directory.entries() == 0) {
      return Optional.of("a zip file without entries");
    }
    Set<String> marks = new HashSet<>();
    long at = directory.at();
    long limit = Math.min(directory.end(), directory.at() + MOST_DIRECTORY);
    long entries = 0;
    while (at < limit) {
      if (directory.end() - at < ENTRY_BYTES || in.intAt(at) != ENTRY) {
        return Optional.of("a zip file whose directory is damaged");
      }
      int name = in.shortAt(at + 28);
      int extra = in.shortAt(at + 30);
      int comment = in.shortAt(at + 32);
      long next = at + ENTRY_BYTES + name + extra + comment;
      if (next > directory.end()) {
        return Optional.of("a zip file whose directory is damaged");
      }
      long place = in.intAt(at + 42);
      long bytes = in.intAt(at + 20);
      if (place != IN_64 && bytes != IN_64 && place + LOCAL_BYTES + name + bytes > directory.at()) {
        return Optional.of("a zip file with an entry that reaches into its directory");
      }
      if (entries == 0 && place != IN_64 && in.intAt(place) != LOCAL) {
        return Optional.of("a zip file whose first entry is not where its directory says");
      }
      if (torch && name <= MOST_NAME) {
        mark(new String(in.piece(at + ENTRY_BYTES, name), StandardCharsets.UTF_8), marks);
      }
      entries++;
      at = next;
    }
    if (at == directory.end() && entries != directory.entries()) {
      return Optional.of("a zip file with " + entries + " of " + directory.entries() + " entries");
    }
    return marks.contains("data.pkl") && !marks.contains("version")
        ? Optional.of("a torch file without its version")
        : Optional.empty();
  }

  private static void mark(String name, Set<String> marks) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    if (last.equals("data.pkl") || last.equals("version")) {
      marks.add(last);
    }
  }
}
