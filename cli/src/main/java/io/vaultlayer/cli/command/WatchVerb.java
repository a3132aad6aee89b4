package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.StatusDocument;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Option;

/** A verb that shows one job, once or until it has ended. */
abstract class WatchVerb extends JobVerb {
  private final long watchMillis;

  @Option(names = "--watch", description = "Show it again and again until the job has ended.")
  private boolean watch;

  /**
   * @param watchMillis between two looks; more where the plane asks for it
   */
  WatchVerb(long watchMillis) {
    this.watchMillis = watchMillis;
  }

  /** What scripts get. */
  abstract Object document(StatusDocument job);

  /** What people see. */
  abstract List<String> lines(StatusDocument job, Instant now);

  @Override
  final int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var job = jobs.status(id);
    while (watch && !Jobs.ended(job.state())) {
      if (!json) {
        show(shell, job);
      }
      shell.pause(Math.max(watchMillis, plane.door().pollMillis()));
      job = jobs.status(id);
    }
    if (json) {
      shell.print(Json.render(document(job)));
    } else {
      show(shell, job);
    }
    return ExitCode.DONE;
  }

  private void show(Shell shell, StatusDocument job) {
    if (watch && shell.errIsTerminal()) {
      shell.out().print("\033[H\033[2J");
    }
    lines(job, shell.clock().instant()).forEach(shell::print);
    shell.out().flush();
  }
}
