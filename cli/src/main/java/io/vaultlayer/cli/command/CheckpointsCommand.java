package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.render.Table;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Checkpoint;
import io.vaultlayer.wire.Lists.Checkpoints;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
    name = "vl checkpoints",
    description = {
      "List a job's checkpoints: committed, held back, condemned or pruned.",
      "vl checkpoints pull JOB downloads one."
    },
    footer = {"", "Example:", "  vl checkpoints digits"})
public final class CheckpointsCommand extends JobVerb {
  private static final int PAGE = 1000;
  private static final int MOST_PAGES = 100;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var rows = new ArrayList<Checkpoint>();
    String after = null;
    for (int page = 0; page < MOST_PAGES; page++) {
      var query = "/checkpoints?limit=" + PAGE + (after == null ? "" : "&after=" + after);
      var found = jobs.about(id, query, Checkpoints.class);
      rows.addAll(found.checkpoints());
      if (found.next() == null) {
        break;
      }
      after = Plane.escaped(found.next());
    }
    rows.sort(Comparator.comparingLong(Checkpoint::step).thenComparingInt(Checkpoint::epoch));
    if (json) {
      shell.print(Json.render(Map.of("checkpoints", rows)));
      return ExitCode.DONE;
    }
    var table = new Table("STEP", "ATTEMPT", "STATUS", "SIZE", "FILES", "COMMITTED", "REASON");
    for (var row : rows) {
      table.row(
          row.step(),
          row.epoch(),
          row.status(),
          row.bytes() == null ? null : Text.bytes(row.bytes()),
          row.files(),
          Text.seconds(row.committedAt()),
          row.reason());
    }
    table.lines().forEach(shell::print);
    return ExitCode.DONE;
  }
}
