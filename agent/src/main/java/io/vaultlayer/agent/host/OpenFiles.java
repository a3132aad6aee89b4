package io.vaultlayer.agent.host;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which files the processes of an instance hold open for writing. */
public final class OpenFiles {
  private static final int ACCESS_MODE = 3;

  private OpenFiles() {}

  /** Whether a member of the tree can still write to this file or to one below this directory. */
  public static boolean writes(ProcessTree tree, Path path) {
    Path asked = path.toAbsolutePath().normalize();
    return tree.members().stream().anyMatch(pid -> writes(pid, asked));
  }

  private static boolean writes(int pid, Path path) {
    Path process = Path.of("/proc", Integer.toString(pid));
    try (DirectoryStream<Path> open = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : open) {
        if (target(descriptor).startsWith(path)
            && forWriting(process.resolve("fdinfo").resolve(descriptor.getFileName()))) {
          return true;
        }
      }
      return false;
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      // It has ended meanwhile, or became somebody else's.
      return false;
    }
  }

  private static Path target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor);
    } catch (IOException | RuntimeException e) {
      return Path.of("");
    }
  }

  /** {@code flags:} is octal; its last two bits are the access mode, 0 for reading only. */
  private static boolean forWriting(Path info) throws IOException {
    for (String line : Files.readAllLines(info)) {
      if (line.startsWith("flags:")) {
        return (Integer.parseInt(line.substring("flags:".length()).trim(), 8) & ACCESS_MODE) != 0;
      }
    }
    return false;
  }
}
