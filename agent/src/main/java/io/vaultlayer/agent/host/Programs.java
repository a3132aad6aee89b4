package io.vaultlayer.agent.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds a program as a shell would, in the PATH that the program itself is going to see. */
public final class Programs {
  private static final String USUAL = "/usr/local/bin:/usr/bin:/bin";

  private Programs() {}

  /**
   * The file to execute, empty when there is none.
   *
   * @param name with a slash: a path, meant from {@code directory}
   * @param path value of PATH, null or empty for the usual one
   */
  public static Optional<Path> find(String name, String path, Path directory) {
    if (name.isEmpty() || name.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    if (name.indexOf('/') >= 0) {
      return executable(directory.resolve(name));
    }
    for (String folder : (path == null || path.isEmpty() ? USUAL : path).split(":", -1)) {
      Optional<Path> found = executable(directory.resolve(folder).resolve(name));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> executable(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file)
        ? Optional.of(file)
        : Optional.empty();
  }
}
