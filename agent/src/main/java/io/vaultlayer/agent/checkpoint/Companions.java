package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Small files beside a checkpoint that say which one is the newest, such as DeepSpeed's {@code
 * latest} or Megatron's {@code latest_checkpointed_iteration.txt}. Without them those frameworks
 * start over, silently. They belong to the checkpoint that they name, and prove nothing about it.
 */
final class Companions {
  /** A name or a number, and perhaps a line end. */
  private static final int MOST_BYTES = 512;

  private static final int MOST = 16;

  private Companions() {}

  /** Top-level entries whose whole text is the name of one of {@code tops}, or the step. */
  static List<String> of(Path kept, List<String> tops, long step, int mostTops) throws IOException {
    var found = new ArrayList<String>();
    for (String name : Tree.names(kept, mostTops)) {
      boolean may = !Names.isIgnored(name) && Names.step(name).isEmpty() && Tree.isDecoded(name);
      if (may && found.size() < MOST) {
        String text = text(kept.resolve(name));
        if (tops.contains(text) || text.equals(Long.toString(step))) {
          found.add(name);
        }
      }
    }
    return found;
  }

  private static String text(Path file) {
    try {
      Optional<Stat> stat = Stat.of(file);
      return stat.isPresent()
              && stat.get().kind() == Stat.Kind.FILE
              && stat.get().bytes() <= MOST_BYTES
          ? Files.readString(file, StandardCharsets.ISO_8859_1).strip()
          : "";
    } catch (IOException e) {
      return ""; // replaced at this moment: it names another checkpoint by now
    }
  }
}
