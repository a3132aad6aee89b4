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
import io.vaultlayer.wire.Lists.Broken;
import io.vaultlayer.wire.Lists.Check;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "vl check",
    description = {
      "Check the invariants over what is stored; exit code 1 and the rule's id when one is broken."
    },
    footer = {"", "Example:", "  vl check"})
public final class CheckCommand extends Verb {
  /** A hundred jobs or five hundred instances each. */
  private static final int MOST_PAGES = 10_000;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "JOB",
      description = "Only this job: its id, the beginning of it, or its name.")
  private String given;

  @Option(
      names = "--deep",
      description = "Also read every file of the newest checkpoints and compare its digest.")
  private boolean deep;

  @Override
  public int call(Shell shell) throws InterruptedException {
    var found = Planes.find(shell);
    Check check;
    if (found.isEmpty() && given != null) {
      throw Failure.noSuchJob(given);
    } else if (found.isEmpty()) {
      check = new Check(0, List.of(), 0, 0, null);
    } else {
      check = ask(found.get());
    }
    if (json) {
      var document = new LinkedHashMap<String, Object>();
      document.put("jobs", check.jobs());
      document.put("broken", check.broken());
      document.put("openInstances", check.openInstances());
      document.put("reservations", check.reservations());
      shell.print(Json.render(document));
    } else {
      check.broken().forEach(b -> shell.print(b.invariant() + "  " + b.job() + "  " + b.detail()));
      shell.say(
          check.jobs()
              + (check.jobs() == 1 ? " job checked" : " jobs checked")
              + (check.next() == null ? "" : " (there are more)")
              + (check.broken().isEmpty()
                  ? ", nothing broken"
                  : ", " + check.broken().size() + " broken"));
    }
    return check.broken().isEmpty() ? ExitCode.DONE : ExitCode.JOB_FAILED;
  }

  /** All pages as one. */
  private Check ask(Plane plane) throws InterruptedException {
    var id = given == null ? null : new Jobs(plane).find(given);
    int jobs = 0;
    int openInstances = 0;
    int reservations = 0;
    var broken = new ArrayList<Broken>();
    String after = null;
    for (int page = 0; page < MOST_PAGES; page++) {
      var found = page(plane, id, after);
      jobs += found.jobs();
      broken.addAll(found.broken());
      openInstances += found.openInstances();
      reservations += found.reservations();
      after = found.next();
      if (after == null) {
        break;
      }
    }
    return new Check(jobs, broken.stream().distinct().toList(), openInstances, reservations, after);
  }

  private Check page(Plane plane, String id, String after) throws InterruptedException {
    var query = new ArrayList<String>();
    if (id != null) {
      query.add("job=" + Plane.escaped(id));
    }
    if (after != null) {
      query.add("after=" + Plane.escaped(after));
    }
    if (deep) {
      query.add("deep=true");
    }
    var asked = "/v1/check" + (query.isEmpty() ? "" : "?" + String.join("&", query));
    try {
      return plane.get(asked, Check.class);
    } catch (Refusal e) {
      throw e.status() == 404 ? Failure.noSuchJob(id) : e.failure();
    }
  }
}
