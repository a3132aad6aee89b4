package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A complete checkpoint, out of the script's reach.
 *
 * @param directory holds {@code files/} and the record
 * @param tops its top-level entries
 * @param tree what was linked or copied, with the states that must still hold after the upload
 * @param loss as the script last reported it when the snapshot was taken
 */
record Snapshot(
    Path directory, long step, List<String> tops, Tree tree, Proof proof, OptionalDouble loss) {
  Path files() {
    return directory.resolve("files");
  }

  Path file(Tree.Entry entry) {
    return files().resolve(entry.path());
  }

  /** The first file whose content is not what was snapshot, if any. */
  Optional<String> changed() throws IOException {
    for (Tree.Entry entry : tree.files()) {
      Optional<Stat> now = Stat.of(file(entry));
      if (now.isEmpty() || !now.get().sameContent(entry.stat())) {
        return Optional.of(entry.path());
      }
    }
    return Optional.empty();
  }
}
