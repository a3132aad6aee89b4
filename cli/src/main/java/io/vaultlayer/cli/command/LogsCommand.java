package io.vaultlayer.cli.command;

import io.vaultlayer.cli.follow.Follow;
import io.vaultlayer.cli.follow.LogTail;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.StatusDocument;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl logs",
    description = "Print a job's output as the script wrote it, attempt after attempt.",
    footer = {"", "Example:", "  vl logs digits -f"})
public final class LogsCommand extends JobVerb {
  @Option(
      names = {"-f", "--follow"},
      description = "Go on until the job has ended.")
  private boolean follow;

  @Option(names = "--attempt", paramLabel = "N", description = "Only the output of this attempt.")
  private Integer attempt;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    if (attempt != null && attempt < 1) {
      throw Failure.usage(
          "bad_attempt",
          "reading the logs of "
              + id
              + ": attempts count from 1, so "
              + attempt
              + " is none; vl"
              + " status "
              + id
              + " lists them");
    }
    if (attempt != null) {
      isOrMayCome(jobs.status(id));
    }
    if (follow) {
      var stream = json ? shell.err() : shell.out();
      var ended =
          new Follow(shell, plane, id, stream).only(Optional.ofNullable(attempt)).untilEnd();
      if (json) {
        shell.print(Json.render(ended));
      }
      return ExitCode.DONE;
    }
    var tail = new LogTail(jobs, id, Optional.ofNullable(attempt));
    if (json) {
      var pieces = new ArrayList<Lists.LogPiece>();
      tail.readAll(pieces::add);
      shell.print(Json.render(Map.of("logs", pieces)));
      return ExitCode.DONE;
    }
    int read = tail.readAll(piece -> shell.out().writeBytes(LogTail.bytes(piece)));
    shell.out().flush();
    if (read == 0 && attempt == null) {
      jobs.status(id); // nothing may also mean that there is no such job
    }
    return ExitCode.DONE;
  }

  /** Whoever follows a job that has not ended may wait for an attempt that is not there yet. */
  private void isOrMayCome(StatusDocument job) {
    if (attempt > job.epoch() && (!follow || Jobs.ended(job.state()))) {
      throw Failure.refused(
          "no_such_attempt",
          "reading the logs of "
              + job.id()
              + ": there is no attempt "
              + attempt
              + ", the newest is "
              + job.epoch()
              + "; vl status "
              + job.id()
              + " lists them");
    }
  }
}
