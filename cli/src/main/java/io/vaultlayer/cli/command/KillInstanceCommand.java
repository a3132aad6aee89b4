package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Json;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
    name = "vl kill-instance",
    description = {
      "Lose a job's current instance now, without warning, to see the job come back.",
      "On the local provider its real processes get SIGKILL."
    },
    footer = {"", "Example:", "  vl kill-instance digits"})
public final class KillInstanceCommand extends JobVerb {
  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var job = jobs.act(id, "simulate-instance-death", Map.of());
    if (json) {
      shell.print(Json.render(job));
    } else {
      shell.print(id);
      shell.say("its instance is lost; vl logs -f " + id + " shows the job come back");
    }
    return ExitCode.DONE;
  }
}
