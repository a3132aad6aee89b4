package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.cli.render.Table;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.StatusDocument;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl ps",
    description = "List the jobs that have not ended, newest first.",
    footer = {"", "Example:", "  vl ps -a"})
public final class PsCommand extends Verb {
  @Option(
      names = {"-a", "--all"},
      description = "Also those that have ended.")
  private boolean all;

  private List<StatusDocument> look(Plane plane) throws InterruptedException {
    var jobs = new Jobs(plane);
    return all ? jobs.all() : jobs.live();
  }

  @Override
  public int call(Shell shell) throws InterruptedException {
    Optional<Plane> plane = Planes.find(shell);
    var jobs = plane.isEmpty() ? List.<StatusDocument>of() : look(plane.get());
    if (json) {
      shell.print(Json.render(Map.of("jobs", jobs)));
      return ExitCode.DONE;
    }
    var now = shell.clock().instant();
    var table = new Table("JOB", "NAME", "STATE", "GPU", "STEP", "LOSS", "ATTEMPTS", "AGE");
    for (var job : jobs) {
      table.row(
          job.id(),
          job.name(),
          job.state(),
          job.gpu(),
          job.step(),
          Text.number(job.loss()),
          job.attempts() == null ? 0 : job.attempts().size(),
          Text.age(job.submittedAt(), now));
    }
    table.lines().forEach(shell::print);
    return ExitCode.DONE;
  }
}
