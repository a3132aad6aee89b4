package io.vaultlayer.cli.frame;

/**
 * The last line of a terminal, drawn again and again and taken away before anything else is
 * written. Where stderr is no terminal nothing is drawn.
 */
public final class ProgressLine {
  private static final String TO_START_AND_ERASE = "\r\033[K";

  /** The terminal cuts a line that is too long for it, instead of wrapping it. */
  private static final String NO_WRAP = "\033[?7l";

  private static final String WRAP = "\033[?7h";

  private final Shell shell;
  private String drawn = "";

  public ProgressLine(Shell shell) {
    this.shell = shell;
  }

  /**
   * @param text printable, without a line break
   */
  public void draw(String text) {
    if (shell.errIsTerminal() && !text.equals(drawn)) {
      shell.err().print(TO_START_AND_ERASE + NO_WRAP + "vl: " + text + WRAP);
      shell.err().flush();
      drawn = text;
    }
  }

  public void clear() {
    if (!drawn.isEmpty()) {
      shell.err().print(TO_START_AND_ERASE);
      shell.err().flush();
      drawn = "";
    }
  }
}
