package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.render.Table;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.DecisionRow;
import io.vaultlayer.wire.Lists.Decisions;
import java.util.ArrayList;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
    name = "vl explain",
    description = {
      "Show why a job is where it is: each decision with its reason, in order,",
      "and between them the reasons for doing nothing (no decision: a dash)."
    },
    footer = {"", "Example:", "  vl explain digits"})
public final class ExplainCommand extends JobVerb {
  private static final int PAGE = 1000;
  private static final int MOST_PAGES = 100;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var rows = new ArrayList<DecisionRow>();
    String after = null;
    for (int page = 0; page < MOST_PAGES; page++) {
      var query = "/explain?limit=" + PAGE + (after == null ? "" : "&after=" + after);
      var found = jobs.about(id, query, Decisions.class);
      rows.addAll(found.decisions());
      if (found.next() == null) {
        break;
      }
      after = Plane.escaped(found.next());
    }
    if (json) {
      shell.print(Json.render(Map.of("decisions", rows)));
      return ExitCode.DONE;
    }
    var table = new Table("AT", "ATTEMPT", "STATE", "DECISION", "REASON").lastWhole();
    for (var row : rows) {
      table.row(Text.seconds(row.at()), row.epoch(), row.state(), row.edge(), reason(row));
    }
    table.lines().forEach(shell::print);
    return ExitCode.DONE;
  }

  /** A reason for doing nothing that was said more than once says how often, and until when. */
  private static String reason(DecisionRow row) {
    return row.count() == null || row.count() < 2
        ? row.reason()
        : row.reason() + " (" + row.count() + " times, last " + Text.seconds(row.until()) + ")";
  }
}
