package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Refusal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Asks again when the control plane cannot be reached, for a minute: a job outlives its plane's
 * restart, and so does whoever follows it.
 */
public final class Patience {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  private final Shell shell;
  private final String doing;
  private final String again;
  private Instant failing;

  /**
   * @param doing begins the error
   * @param again the command that goes on later
   */
  public Patience(Shell shell, String doing, String again) {
    this.shell = shell;
    this.doing = doing;
    this.again = again;
  }

  /** One question to the plane. */
  @FunctionalInterface
  public interface Question<T> {
    T ask() throws InterruptedException;
  }

  /** The answer, or nothing when the plane did not answer and it is worth asking again. */
  public <T> Optional<T> ask(Question<T> question) throws InterruptedException {
    try {
      var answer = question.ask();
      failing = null;
      return Optional.of(answer);
    } catch (Failure e) {
      if (e.exit() != ExitCode.UNREACHABLE) {
        throw e;
      }
      missed(e);
      return Optional.empty();
    } catch (Refusal e) {
      if (e.status() < 500 && e.status() != 429) {
        throw e;
      }
      missed(e);
      return Optional.empty();
    }
  }

  private void missed(RuntimeException why) throws InterruptedException {
    var now = shell.clock().instant();
    if (failing == null) {
      failing = now;
    }
    if (Duration.between(failing, now).compareTo(LONGEST) > 0) {
      throw new Failure(
              ExitCode.UNREACHABLE,
              "plane_unreachable",
              doing
                  + ": the control plane has not answered for 60 s ("
                  + why.getMessage()
                  + "); the job goes on without it, follow it again with "
                  + again,
              Map.of())
          .because(why);
    }
    shell.pause(500);
  }
}
