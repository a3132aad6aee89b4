package io.vaultlayer.cli.frame;

import java.util.Map;

/**
 * A command ends without its result: what the user is told, and with which exit code. The message
 * has the one shape {@code <doing what> <id>: <what happened>; <what to do>}.
 */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exit;
  private final String code;
  private final transient Map<String, Object> detail;

  public Failure(int exit, String code, String message, Map<String, Object> detail) {
    super(message);
    this.exit = exit;
    this.code = code;
    this.detail = Map.copyOf(detail);
  }

  public static Failure usage(String code, String message) {
    return new Failure(ExitCode.USAGE, code, message, Map.of());
  }

  public static Failure refused(String code, String message) {
    return new Failure(ExitCode.REFUSED, code, message, Map.of());
  }

  public static Failure noSuchJob(String job) {
    return new Failure(
        ExitCode.NO_SUCH_JOB,
        "no_such_job",
        "finding job " + job + ": no such job; vl ps -a lists them",
        Map.of("job", job));
  }

  public static Failure unreachable(String message) {
    return new Failure(ExitCode.UNREACHABLE, "plane_unreachable", message, Map.of());
  }

  public Failure because(Throwable cause) {
    initCause(cause);
    return this;
  }

  public int exit() {
    return exit;
  }

  public String code() {
    return code;
  }

  public Map<String, Object> detail() {
    return detail;
  }
}
