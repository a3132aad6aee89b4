package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.cli.render.Table;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Providers;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
    name = "vl providers",
    description = "List the providers with their status and the evidence for it.",
    footer = {"", "Example:", "  vl providers"})
public final class ProvidersCommand extends Verb {
  @Override
  public int call(Shell shell) throws InterruptedException {
    var rows = Planes.start(shell).get("/v1/providers", Providers.class).providers();
    if (json) {
      shell.print(Json.render(Map.of("providers", rows)));
      return ExitCode.DONE;
    }
    var table = new Table("PROVIDER", "STATUS", "EVIDENCE", "REASON");
    rows.forEach(row -> table.row(row.name(), row.status(), row.evidence(), row.reason()));
    table.lines().forEach(shell::print);
    return ExitCode.DONE;
  }
}
