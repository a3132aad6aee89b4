package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.LocalPlane;
import io.vaultlayer.wire.Json;
import picocli.CommandLine.Command;

@Command(
    name = "vl local up",
    description = "Start the embedded control plane, if it does not run already.",
    footer = {"", "Example:", "  vl local up"})
public final class LocalUpCommand extends Verb {
  @Override
  public int call(Shell shell) throws InterruptedException {
    var info = LocalPlane.of(shell).ensure();
    if (json) {
      shell.print(Json.render(info));
    } else {
      shell.print(info.endpoint());
      shell.say("the embedded control plane runs (process " + info.pid() + ")");
    }
    return ExitCode.DONE;
  }
}
