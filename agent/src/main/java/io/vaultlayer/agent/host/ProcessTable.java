package io.vaultlayer.agent.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What {@code /proc} shows. Processes come and go while it is read; what is gone is left out. */
final class ProcessTable {
  private static final Path PROC = Path.of("/proc");

  /**
   * A process's environment is looked at for its marker up to here; ours stands among the first.
   */
  private static final int MOST_ENVIRONMENT_BYTES = 1 << 20;

  private ProcessTable() {}

  /** One row. {@code zombie}: it has ended, and waits for its parent to look. */
  record Row(int pid, int parent, int group, int session, long start, boolean zombie) {}

  static List<Row> read() {
    var rows = new ArrayList<Row>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path each : all) {
        row(Integer.parseInt(each.getFileName().toString())).ifPresent(rows::add);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return rows;
  }

  static Optional<Row> row(int pid) {
    try {
      String stat =
          new String(Files.readAllBytes(PROC.resolve(pid + "/stat")), StandardCharsets.ISO_8859_1);
      // The name stands in parentheses and may itself hold spaces and parentheses.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 21);
      return Optional.of(
          new Row(
              pid,
              Integer.parseInt(fields[1]),
              Integer.parseInt(fields[2]),
              Integer.parseInt(fields[3]),
              Long.parseLong(fields[19]),
              fields[0].equals("Z") || fields[0].equals("X")));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  static OptionalLong startOf(int pid) {
    return row(pid).map(row -> OptionalLong.of(row.start())).orElse(OptionalLong.empty());
  }

  /** Whether standard output or error of the process is a file below a directory. */
  static boolean writesBelow(int pid, Path directory) {
    for (int output = 1; output <= 2; output++) {
      try {
        Path file = Files.readSymbolicLink(PROC.resolve(pid + "/fd/" + output));
        if (file.startsWith(directory)) {
          return true;
        }
      } catch (IOException | RuntimeException e) {
        // It has none, has ended, or is not ours to look at.
        continue;
      }
    }
    return false;
  }

  /** Whether the process was started with this {@code NAME=value} in its environment. */
  static boolean carries(int pid, String marker) {
    try (var in = Files.newInputStream(PROC.resolve(pid + "/environ"))) {
      String environment =
          new String(in.readNBytes(MOST_ENVIRONMENT_BYTES), StandardCharsets.ISO_8859_1);
      int at = environment.indexOf(marker + '\0');
      return at == 0 || at > 0 && environment.charAt(at - 1) == '\0';
    } catch (IOException e) {
      return false;
    }
  }
}
