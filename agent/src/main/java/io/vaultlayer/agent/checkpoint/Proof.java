package io.vaultlayer.agent.checkpoint;

/** Why a checkpoint counts as complete. */
enum Proof {
  /** It appeared under its name whole. */
  RENAME,
  /** Nobody writes, nothing changed, and the script lives or ended well. */
  QUIET,
  /** The file's own format shows its end. */
  FORMAT;

  String word() {
    return switch (this) {
      case RENAME -> "rename";
      case QUIET -> "quiet";
      case FORMAT -> "format";
    };
  }
}
