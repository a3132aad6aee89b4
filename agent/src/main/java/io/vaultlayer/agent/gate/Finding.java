package io.vaultlayer.agent.gate;

import java.util.List;

/** What a look at the parts of a checkpoint says. */
public sealed interface Finding {
  /**
   * Nothing is missing, as far as its layout tells.
   *
   * @param proven its framework's own signs show its end, so that it counts as complete whatever
   *     became of the script
   * @param warnings for the user; the checkpoint is taken all the same
   */
  record Whole(boolean proven, List<String> warnings) implements Finding {
    public Whole {
      warnings = List.copyOf(warnings);
    }
  }

  /** Something may still come; when nothing changes for long, it is taken with this warning. */
  record Doubtful(String reason) implements Finding {}

  /** A part is missing; it may still come, and without it the checkpoint is of no use. */
  record Incomplete(String reason) implements Finding {}

  /** Nothing was recognised, and so nothing is missing. */
  static Finding nothing() {
    return new Whole(false, List.of());
  }

  /** Its end is shown. */
  static Finding proven() {
    return new Whole(true, List.of());
  }
}
