package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.cli.plane.Refusal;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Check;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "vl check",
    description = {
      "Check the invariants over what is stored; exit code 1 and the rule's id when one is broken."
    },
    footer = {"", "Example:", "  vl check"})
public final class CheckCommand extends Verb {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "JOB",
      description = "Only this job: its id, the beginning of it, or its name.")
  private String given;

  @Override
  public int call(Shell shell) throws InterruptedException {
    var found = Planes.find(shell);
    Check check;
    if (found.isEmpty() && given != null) {
      throw Failure.noSuchJob(given);
    } else if (found.isEmpty()) {
      check = new Check(0, List.of());
    } else {
      check = ask(found.get());
    }
    if (json) {
      shell.print(Json.render(check));
    } else {
      check.broken().forEach(b -> shell.print(b.invariant() + "  " + b.job() + "  " + b.detail()));
      shell.say(
          check.jobs()
              + " jobs checked, "
              + (check.broken().isEmpty() ? "nothing broken" : check.broken().size() + " broken"));
    }
    return check.broken().isEmpty() ? ExitCode.DONE : ExitCode.JOB_FAILED;
  }

  private Check ask(Plane plane) throws InterruptedException {
    if (given == null) {
      return plane.get("/v1/check", Check.class);
    }
    var id = new Jobs(plane).find(given);
    try {
      return plane.get("/v1/check?job=" + Plane.escaped(id), Check.class);
    } catch (Refusal e) {
      throw e.status() == 404 ? Failure.noSuchJob(id) : e.failure();
    }
  }
}
