package io.vaultlayer.core.end;

import io.vaultlayer.core.end.Evidence.How;

/** How an attempt's end is read, by the public contract word by word; pure. */
public final class EndReading {
  private static final int SIGKILL = 9;

  /** What a shell says whose child was killed. */
  private static final int SHELL_OF_A_KILLED_CHILD = 128 + SIGKILL;

  private EndReading() {}

  public static Verdict read(Evidence e) {
    if (e.stopSeen()) {
      return new Verdict.Reclaimed();
    }
    return switch (e.how()) {
      case How.Exited(var code) when code == 0 -> new Verdict.Done();
      case How.Exited(var code) -> exited(e, code);
      case How.Signalled(var signal) when signal == SIGKILL -> killed(e);
      case How.Signalled _ -> broken(e, new Verdict.Failed(ownFailure(e)));
      case How.Unseen() -> new Verdict.Lost("the process is gone and its end was not seen");
    };
  }

  private static Verdict exited(Evidence e, int code) {
    if (code == SHELL_OF_A_KILLED_CHILD && e.outOfMemory()) {
      return new Verdict.Failed("out_of_memory");
    }
    if (e.programStarted() && e.retryExitCodes().contains(code)) {
      return new Verdict.Lost("it asked to be started again by exit code " + code);
    }
    return broken(e, new Verdict.Failed(ownFailure(e)));
  }

  private static Verdict killed(Evidence e) {
    if (e.outOfMemory()) {
      return new Verdict.Failed("out_of_memory");
    }
    var what = e.programStarted() ? "process" : "the setup command was";
    return broken(e, new Verdict.Lost(what + " killed by SIGKILL"));
  }

  /** What its output shows of the hardware goes before what it would mean without that. */
  private static Verdict broken(Evidence e, Verdict otherwise) {
    if (e.sign().isEmpty() || !e.programStarted()) {
      return otherwise;
    }
    var sign = e.sign().get();
    return switch (sign.kind()) {
      case GPU -> new Verdict.Unhealthy(sign.text());
      case PEER -> new Verdict.Lost(sign.text());
    };
  }

  private static String ownFailure(Evidence e) {
    return e.programStarted() ? "user_program_failed" : "setup_failed";
  }
}
