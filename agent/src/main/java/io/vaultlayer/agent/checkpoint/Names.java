package io.vaultlayer.agent.checkpoint;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** What the names of a script's files tell: which are unfinished, and which say their step. */
final class Names {
  /** A number of more digits is no step; 12 is what the bucket's layout holds. */
  private static final int MOST_DIGITS = 12;

  private static final List<String> STEP_WORDS =
      List.of("checkpoint", "ckpt", "global_step", "step", "iteration", "iter");

  private Names() {}

  /** Entries of the kept directory that are never part of a checkpoint. */
  static boolean isIgnored(String name) {
    return name.startsWith(".") || isTemporary(name) || isLog(name) || name.equals("wandb");
  }

  /** Files that stay open for as long as the script runs, and that nobody resumes from. */
  static boolean isLog(String name) {
    return name.endsWith(".log") || name.startsWith("events.out.tfevents");
  }

  /** A name inside a checkpoint that says it is not finished. */
  static boolean saysUnfinished(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return isTemporary(name) || name.equals("checkpoint-is-incomplete.txt");
  }

  /**
   * Names under which programs write what they rename when it is done; also inside a checkpoint.
   */
  static boolean isTemporary(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    return small.startsWith(".tmp")
        || small.startsWith("tmp-")
        || small.startsWith("tmp_")
        || small.endsWith("_tmp")
        || small.endsWith("-tmp")
        || small.endsWith(".part")
        || small.endsWith(".partial")
        || small.endsWith("~")
        || small.contains(".tmp")
        || small.contains(".orbax-checkpoint-tmp");
  }

  /**
   * The step that a name states: a word such as {@code checkpoint} or {@code step}, then perhaps
   * {@code -}, {@code _} or {@code =}, then the number, then perhaps an extension; or {@code
   * step=<n>} anywhere. Other numbers (epochs, versions, ranks) are no steps.
   */
  static OptionalLong step(String name) {
    int marked = name.lastIndexOf("step=");
    if (marked >= 0) {
      OptionalLong step = number(name, marked + "step=".length());
      if (step.isPresent()) {
        return step;
      }
    }
    for (String word : STEP_WORDS) {
      if (name.startsWith(word)) {
        int at = word.length();
        boolean separated = at < name.length() && "-_=".indexOf(name.charAt(at)) >= 0;
        OptionalLong step = number(name, separated ? at + 1 : at);
        if (step.isPresent()) {
          return step;
        }
      }
    }
    return OptionalLong.empty();
  }

  /** Digits from here to the end, or to an extension that begins with a letter. */
  private static OptionalLong number(String name, int from) {
    int end = from;
    while (end < name.length() && name.charAt(end) >= '0' && name.charAt(end) <= '9') {
      end++;
    }
    boolean whole =
        end == name.length()
            || name.charAt(end) == '.'
                && end + 1 < name.length()
                && Character.isLetter(name.charAt(end + 1));
    if (end == from || end - from > MOST_DIGITS || !whole) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Long.parseLong(name.substring(from, end)));
  }
}
