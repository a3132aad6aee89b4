package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.pull.Puller;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl checkpoints pull",
    description = "Download the files of one committed checkpoint and verify each.",
    footer = {"", "Example:", "  vl checkpoints pull digits --step 800 --to restored"})
public final class CheckpointsPullCommand extends JobVerb {
  @Option(
      names = "--step",
      paramLabel = "N",
      description = "The checkpoint of this step. Default: the newest committed one.")
  private Long step;

  @Option(
      names = "--to",
      paramLabel = "DIR",
      description = "Where the files go. Default: JOB-checkpoint-STEP in this directory.")
  private Path to;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id)
      throws IOException, InterruptedException {
    var job = jobs.status(id);
    if (step == null && job.checkpoint() == null) {
      throw Failure.refused(
          "no_checkpoint",
          "pulling a checkpoint of "
              + id
              + ": none has been committed yet; vl status "
              + id
              + " shows when there is one");
    }
    long wanted = step == null ? job.checkpoint().step() : step;
    var puller = new Puller(jobs, id, "/checkpoints/" + wanted + "/files");
    var files = puller.look();
    var base = (job.name() == null ? id : job.name()) + "-checkpoint-" + wanted;
    var report = puller.pull(files, Pulling.directory(shell, to, base));
    if (json) {
      shell.print(Json.render(report));
    } else {
      Pulling.show(shell, report);
    }
    return ExitCode.DONE;
  }
}
