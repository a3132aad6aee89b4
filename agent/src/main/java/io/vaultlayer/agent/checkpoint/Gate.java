package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/** What a complete checkpoint must still show before it may be committed. */
final class Gate {
  /** S3's limit on a key is 1024 bytes; the prefix before a file's path takes about 90. */
  private static final int MOST_PATH_BYTES = 900;

  private Gate() {}

  /**
   * Why a snapshot is held, if it is.
   *
   * @param files where the snapshot's files lie
   */
  static Optional<String> problem(Path files, Tree tree, OptionalDouble loss) throws IOException {
    if (loss.isPresent() && !Double.isFinite(loss.getAsDouble())) {
      return Optional.of("the loss was " + loss.getAsDouble() + " when it was saved");
    }
    if (tree.problem().isPresent()) {
      return tree.problem();
    }
    if (tree.bytes() == 0) {
      return Optional.of("it holds no data");
    }
    for (Tree.Entry file : tree.files()) {
      Optional<String> problem = nameProblem(file.path());
      if (problem.isEmpty()) {
        problem = Formats.problem(file.path(), files.resolve(file.path()), file.stat().bytes());
      }
      if (problem.isPresent()) {
        return Optional.of(shown(file.path()) + ": " + problem.get());
      }
    }
    return Optional.empty();
  }

  static Optional<String> nameProblem(String path) {
    if (path.getBytes(StandardCharsets.UTF_8).length > MOST_PATH_BYTES) {
      return Optional.of("its path has more than " + MOST_PATH_BYTES + " bytes");
    }
    return path.chars().anyMatch(c -> c < 32 || c == 127)
        ? Optional.of("its name has control characters")
        : Optional.empty();
  }

  static String shown(String path) {
    String plain = path.replaceAll("\\p{Cntrl}", "?");
    return plain.length() <= 120 ? plain : "..." + plain.substring(plain.length() - 117);
  }
}
