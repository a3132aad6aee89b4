package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.frame.Shell;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C while a job is followed leaves the job alone and says how to follow it again. The JVM's
 * own exit code after an interrupt is the 130 that the contract asks for.
 */
public final class Detach implements AutoCloseable {
  private final AtomicBoolean following = new AtomicBoolean(true);
  private final Thread hook;

  private Detach(Shell shell, String text) {
    hook =
        new Thread(
            () -> {
              shell.out().flush();
              if (following.get()) {
                shell.err().print(shell.errIsTerminal() ? "\r\033[K" : "");
                shell.say(text);
              }
            },
            "detach");
  }

  /** While one job is followed. */
  public static Detach on(Shell shell, String id) {
    return saying(
        shell,
        "detached; job "
            + id
            + " goes on: vl logs -f "
            + id
            + ", vl wait "
            + id
            + ", vl cancel "
            + id);
  }

  /** While something else is followed. @param text said when it is interrupted */
  public static Detach saying(Shell shell, String text) {
    var detach = new Detach(shell, text);
    Runtime.getRuntime().addShutdownHook(detach.hook);
    return detach;
  }

  /** The job has ended: there is nothing to detach from any more. */
  public void done() {
    following.set(false);
  }

  @Override
  public void close() {
    following.set(false);
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The program is ending because of Ctrl-C; the hook runs now.
      following.set(true);
    }
  }
}
