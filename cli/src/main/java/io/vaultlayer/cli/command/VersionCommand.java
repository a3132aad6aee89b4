package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.frame.Version;
import io.vaultlayer.wire.Json;
import java.util.TreeMap;
import picocli.CommandLine.Command;

@Command(
    name = "vl version",
    description = "Show the version of the program and of the Java it runs on.",
    footer = {"", "Example:", "  vl version --json"})
public final class VersionCommand extends Verb {
  @Override
  public int call(Shell shell) {
    var java = Runtime.version().toString();
    if (json) {
      var document = new TreeMap<String, String>();
      document.put("version", Version.current());
      document.put("java", java);
      shell.print(Json.render(document));
    } else {
      shell.print("vl " + Version.current() + " (Java " + java + ")");
    }
    return ExitCode.DONE;
  }
}
