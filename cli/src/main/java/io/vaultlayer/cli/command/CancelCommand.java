package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Json;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
    name = "vl cancel",
    description = "End a job. Its last checkpoint is kept; vl resume continues from it.",
    footer = {"", "Example:", "  vl cancel digits"})
public final class CancelCommand extends JobVerb {
  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var job = jobs.act(id, "cancel", Map.of(), now -> now.state().equals("cancelled"));
    if (json) {
      shell.print(Json.render(job));
    } else {
      shell.print(id);
      shell.say(
          job.checkpoint() == null
              ? "cancelled; no checkpoint had been committed"
              : "cancelled; checkpoint of step "
                  + job.checkpoint().step()
                  + " is kept, vl resume "
                  + id
                  + " continues from it");
    }
    return ExitCode.DONE;
  }
}
