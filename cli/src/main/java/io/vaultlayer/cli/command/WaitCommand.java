package io.vaultlayer.cli.command;

import io.vaultlayer.cli.follow.Detach;
import io.vaultlayer.cli.follow.Ending;
import io.vaultlayer.cli.follow.Patience;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Json;
import picocli.CommandLine.Command;

@Command(
    name = "vl wait",
    description = "Wait until a job has ended; exit code 0 when it succeeded, else 1.",
    footer = {"", "Example:", "  vl wait digits && vl outputs pull digits"})
public final class WaitCommand extends JobVerb {
  private static final long POLL_MILLIS = 300;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var patience = new Patience(shell, "waiting for job " + id, "vl wait " + id);
    var job = jobs.status(id);
    try (var detach = Detach.on(shell, id)) {
      while (!Jobs.ended(job.state())) {
        shell.pause(Math.max(POLL_MILLIS, plane.door().pollMillis()));
        job = patience.ask(() -> jobs.status(id)).orElse(job);
      }
      detach.done();
    }
    shell.print(json ? Json.render(job) : job.state());
    if (job.state().equals("succeeded")) {
      return ExitCode.DONE;
    }
    // Whoever waits has not seen the job end: the state alone would leave them to guess.
    shell.say(Ending.of(job));
    shell.say("vl logs " + id + " shows what it wrote");
    return ExitCode.JOB_FAILED;
  }
}
