package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.LocalPlane;
import io.vaultlayer.wire.Json;
import picocli.CommandLine.Command;

@Command(
    name = "vl local status",
    description = "Show the embedded control plane; exit code 5 when it does not run.",
    footer = {"", "Example:", "  vl local status --json"})
public final class LocalStatusCommand extends Verb {
  @Override
  public int call(Shell shell) throws InterruptedException {
    var plane = LocalPlane.of(shell);
    var info =
        plane
            .live()
            .orElseThrow(() ->
                Failure.unreachable(
                    "looking for the embedded plane of "
                        + shell.home()
                        + ": it does not run; vl local up starts it, and so does the next"
                        + " command that needs it"));
    if (json) {
      shell.print(Json.render(info));
      return ExitCode.DONE;
    }
    shell.print("endpoint    " + info.endpoint());
    shell.print("process     " + info.pid());
    shell.print("data        " + info.dataDir());
    shell.print("bucket      " + info.bucket() + " at " + info.s3Endpoint());
    shell.print("token file  " + info.tokenFile());
    shell.print("version     " + info.version());
    return ExitCode.DONE;
  }
}
