package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.LocalPlane;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.StatusDocument;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
    name = "vl local down",
    description = {
      "Stop the embedded control plane. Running instances go on without it; the next command that",
      "needs the plane starts it again."
    },
    footer = {"", "Example:", "  vl local down"})
public final class LocalDownCommand extends Verb {
  private static final long PATIENCE_MILLIS = 30_000;
  private static final long STEP_MILLIS = 20;

  @Override
  public int call(Shell shell) throws InterruptedException {
    var local = LocalPlane.of(shell);
    var info = local.live();
    if (info.isEmpty()) {
      return report(shell, false, List.of());
    }
    var plane = new Plane(local.door(info.get()));
    var going =
        new Jobs(plane)
            .all().stream()
                .filter(job -> !Jobs.ended(job.state()) && job.instanceId() != null)
                .toList();
    plane.postText("/local/down", Map.of(), Map.of());
    for (long waited = 0; LocalPlane.isPlane(info.get().pid()); waited += STEP_MILLIS) {
      if (waited > PATIENCE_MILLIS) {
        throw Failure.unreachable(
            "stopping the embedded plane, process "
                + info.get().pid()
                + ": it has not ended after 30 s; see "
                + shell.home().resolve("local/plane.out"));
      }
      shell.pause(STEP_MILLIS);
    }
    return report(shell, true, going);
  }

  private int report(Shell shell, boolean stopped, List<StatusDocument> going) {
    if (json) {
      var instances =
          going.stream().map(job -> Map.of("job", job.id(), "instanceId", job.instanceId()));
      shell.print(Json.render(Map.of("stopped", stopped, "instances", instances.toList())));
      return ExitCode.DONE;
    }
    shell.say(stopped ? "the embedded control plane is down" : "it does not run");
    for (var job : going) {
      shell.say(
          "instance "
              + job.instanceId()
              + " of job "
              + job.id()
              + " goes on without it; the next"
              + " vl command starts the plane again");
    }
    return ExitCode.DONE;
  }
}
