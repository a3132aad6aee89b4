package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.StatusDocument;
import java.time.Duration;

/** How a job ended, in one line, with what can be done about it. */
public final class Ending {
  private Ending() {}

  public static String of(StatusDocument job) {
    return job.state().equals("succeeded") ? success(job) : other(job);
  }

  private static String success(StatusDocument job) {
    var text = new StringBuilder("job " + job.id() + " succeeded");
    if (job.step() != null) {
      text.append(", ").append(job.step()).append(" steps");
    }
    int attempts = job.attempts() == null ? 0 : job.attempts().size();
    text.append(attempts == 1 ? ", 1 attempt" : ", " + attempts + " attempts");
    var from = Text.instant(job.submittedAt());
    var to = Text.instant(job.endedAt());
    if (from != null && to != null) {
      text.append(", ").append(Text.duration(Duration.between(from, to)));
    }
    return text.append(", ").append(Text.usd(job.costUsd())).toString();
  }

  private static String other(StatusDocument job) {
    var text = new StringBuilder("running job " + job.id() + ": " + job.state());
    if (job.reason() != null && !job.reason().equals(job.state())) {
      text.append(", ").append(job.reason());
    }
    boolean told = job.detail() != null && job.detail().contains("code " + job.exitCode());
    if (job.exitCode() != null && job.exitCode() != 0 && !told) {
      text.append(", exit code ").append(job.exitCode());
    }
    if (job.detail() != null) {
      text.append(" (").append(job.detail()).append(')');
    }
    text.append(
        job.checkpoint() == null
            ? "; correct it and run it again"
            : "; its checkpoint of step "
                + job.checkpoint().step()
                + " is kept, vl resume "
                + job.id()
                + " continues from it");
    return Text.printable(text.toString());
  }
}
