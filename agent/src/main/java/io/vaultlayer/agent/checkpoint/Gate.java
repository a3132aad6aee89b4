package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.gate.Contents;
import io.vaultlayer.agent.gate.Finding;
import io.vaultlayer.agent.gate.Formats;
import io.vaultlayer.agent.gate.Layouts;
import io.vaultlayer.agent.gate.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** What a complete checkpoint must still show before it may be committed. */
final class Gate {
  /** S3's limit on a key is 1024 bytes; the prefix before a file's path takes about 90. */
  private static final int MOST_PATH_BYTES = 900;

  private Gate() {}

  /** Whether all its parts are there. @param directory where the script has them */
  static Finding parts(Path directory, Tree tree, OptionalInt world) throws IOException {
    if (tree.problem().isPresent()) {
      return Finding.nothing();
    }
    try {
      return Layouts.look(contents(directory, tree), world);
    } catch (RuntimeException e) {
      return new Finding.Doubtful("its parts could not be understood: " + e);
    }
  }

  /** Whether it shows by itself that all of it was written; after an end without warning. */
  static boolean isProven(Path directory, Tree tree, OptionalInt world) throws IOException {
    boolean single = tree.files().size() == 1 && !tree.files().getFirst().path().contains("/");
    if (single && Formats.provesEnd(part(directory, tree.files().getFirst()))) {
      return true;
    }
    return parts(directory, tree, world) instanceof Finding.Whole(boolean proven, var _)
        && proven
        && problem(directory, tree, OptionalDouble.empty()).isEmpty();
  }

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
        problem = formatProblem(part(files, file));
      }
      if (problem.isPresent()) {
        return Optional.of(shown(file.path()) + ": " + problem.get());
      }
    }
    return Optional.empty();
  }

  private static Optional<String> formatProblem(Part part) throws IOException {
    try {
      return Formats.problem(part);
    } catch (RuntimeException e) {
      return Optional.of("it could not be understood: " + e);
    }
  }

  static Contents contents(Path directory, Tree tree) {
    return new Contents(tree.files().stream().map(file -> part(directory, file)).toList());
  }

  private static Part part(Path directory, Tree.Entry file) {
    return new Part(
        file.path(),
        directory.resolve(file.path()),
        file.stat().bytes(),
        file.stat().modifiedNanos());
  }

  static Optional<String> nameProblem(String path) {
    if (path.getBytes(StandardCharsets.UTF_8).length > MOST_PATH_BYTES) {
      return Optional.of("its path has more than " + MOST_PATH_BYTES + " bytes");
    }
    return hasControls(path) ? Optional.of("its name has control characters") : Optional.empty();
  }

  private static boolean hasControls(String path) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c < 32 || c == 127) {
        return true;
      }
    }
    return false;
  }

  static String shown(String path) {
    String plain = path.replaceAll("\\p{Cntrl}", "?");
    return plain.length() <= 120 ? plain : "..." + plain.substring(plain.length() - 117);
  }
}
