package io.vaultlayer.cli.frame;

/** The exit codes of every command (contract, section 1). */
public final class ExitCode {
  private ExitCode() {}

  public static final int DONE = 0;
  public static final int JOB_FAILED = 1;
  public static final int USAGE = 2;
  public static final int REFUSED = 3;
  public static final int NO_SUCH_JOB = 4;
  public static final int UNREACHABLE = 5;
  public static final int DETACHED = 130;
}
