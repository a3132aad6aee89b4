package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
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
    name = "vl outputs pull",
    description = "Download what the script of a succeeded job left in VL_OUTPUT_DIR.",
    footer = {"", "Example:", "  vl outputs pull digits --to results"})
public final class OutputsPullCommand extends JobVerb {
  @Option(
      names = "--to",
      paramLabel = "DIR",
      description = "Where the files go. Default: JOB-outputs in this directory.")
  private Path to;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id)
      throws IOException, InterruptedException {
    var puller = new Puller(jobs, id, "/outputs");
    var files = puller.look();
    var name = to == null ? jobs.status(id).name() : null;
    var base = (name == null ? id : name) + "-outputs";
    var report = puller.pull(files, Pulling.directory(shell, to, base));
    if (json) {
      shell.print(Json.render(report));
    } else {
      Pulling.show(shell, report);
    }
    return ExitCode.DONE;
  }
}
