package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.render.StatusText;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.StatusDocument;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl status",
    description = "Show one job: its state, its newest checkpoint and every attempt.",
    footer = {"", "Example:", "  vl status digits --watch"})
public final class StatusCommand extends JobVerb {
  private static final long WATCH_MILLIS = 1_000;

  @Option(names = "--watch", description = "Show it again and again until the job has ended.")
  private boolean watch;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var job = jobs.status(id);
    while (watch && !Jobs.ended(job.state())) {
      if (!json) {
        show(shell, job);
      }
      shell.pause(Math.max(WATCH_MILLIS, plane.door().pollMillis()));
      job = jobs.status(id);
    }
    if (json) {
      shell.print(Json.render(job));
    } else {
      show(shell, job);
    }
    return ExitCode.DONE;
  }

  private void show(Shell shell, StatusDocument job) {
    if (watch && shell.errIsTerminal()) {
      shell.out().print("\033[H\033[2J");
    }
    StatusText.lines(job, shell.clock().instant()).forEach(shell::print);
    shell.out().flush();
  }
}
