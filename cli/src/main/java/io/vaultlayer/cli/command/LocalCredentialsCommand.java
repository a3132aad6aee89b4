package io.vaultlayer.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.EmbeddedDoor;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Refusal;
import io.vaultlayer.wire.Json;
import picocli.CommandLine.Command;

@Command(
    name = "vl local credentials",
    description = {
      "Print the current attempt's bearer token and bucket credentials. For tests; only on the",
      "embedded control plane."
    },
    footer = {"", "Example:", "  vl local credentials digits --json"})
public final class LocalCredentialsCommand extends JobVerb {
  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    if (!(plane.door() instanceof EmbeddedDoor)) {
      throw Failure.refused(
          "not_embedded",
          "reading the credentials of "
              + id
              + ": only the embedded plane hands them out; use a"
              + " home without a configured endpoint");
    }
    JsonNode answer;
    try {
      answer = Json.tree(plane.getText("/local/credentials/" + Plane.escaped(id)));
    } catch (Refusal e) {
      if (e.status() == 404) {
        jobs.status(id);
      }
      throw e.failure();
    }
    if (json) {
      shell.print(Json.render(answer));
      return ExitCode.DONE;
    }
    shell.print("epoch                  " + answer.path("epoch").asText());
    shell.print("token                  " + answer.path("token").asText());
    var s3 = answer.path("s3").properties().iterator();
    while (s3.hasNext()) {
      var field = s3.next();
      shell.print("%-23s%s".formatted("s3." + field.getKey(), field.getValue().asText()));
    }
    return ExitCode.DONE;
  }
}
