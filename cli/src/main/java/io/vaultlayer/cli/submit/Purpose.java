package io.vaultlayer.cli.submit;

/** What a command is read for: an error says what its reader was doing. */
public enum Purpose {
  RUN("submitting", "a job"),
  ESTIMATE("estimating", "a run"),
  REHEARSE("rehearsing", "a run");

  private final String doing;
  private final String what;

  Purpose(String doing, String what) {
    this.doing = doing;
    this.what = what;
  }

  /** The beginning of an error about this command, or about any where it has no name yet. */
  String doing(String command) {
    return doing + " " + (command.isBlank() ? what : command);
  }

  /** The command line's own word. */
  String verb() {
    return "vl " + name().toLowerCase(java.util.Locale.ROOT);
  }
}
