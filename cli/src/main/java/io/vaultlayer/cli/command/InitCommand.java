package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Config;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.wire.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl init",
    description = {
      "One-time set-up: which control plane this home uses. Without it, vl run uses the embedded one."
    },
    footer = {"", "Example:", "  vl init --embedded"})
public final class InitCommand extends Verb {
  @Option(names = "--embedded", description = "The embedded control plane on this machine.")
  private boolean embedded;

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "A deployed control plane; it is asked once before it is written down.")
  private String endpoint;

  @Option(names = "--bucket", paramLabel = "NAME", description = "The bucket of the deployed one.")
  private String bucket;

  @Override
  public int call(Shell shell) throws IOException, InterruptedException {
    if (embedded && endpoint != null) {
      throw Failure.usage(
          "bad_value", "setting up: --embedded and --endpoint exclude each other; give one");
    }
    if (!embedded && endpoint == null) {
      ask(shell);
    }
    if (bucket != null && embedded) {
      throw Failure.usage(
          "bad_value",
          "setting up: the embedded plane has a bucket of its own; leave out --bucket");
    }
    var file = Config.file(shell);
    var values = new TreeMap<String, Object>();
    if (endpoint != null) {
      var checked = Config.checked(endpoint);
      Planes.at(checked, shell).getText("/v1/jobs?limit=1");
      values.put("endpoint", checked);
    }
    if (bucket != null) {
      values.put("bucket", bucket);
    }
    Config.write(file, values);
    if (json) {
      values.put("file", file.toString());
      values.put("embedded", endpoint == null);
      shell.print(Json.render(values));
    } else {
      shell.print(file.toString());
      shell.say(
          endpoint == null
              ? "the embedded control plane is used; vl run starts it when it is needed"
              : "the control plane at " + endpoint + " is used");
    }
    return ExitCode.DONE;
  }

  private void ask(Shell shell) throws IOException {
    if (!shell.inIsTerminal() || json) {
      throw Failure.usage(
          "bad_usage",
          "setting up: nothing says which control plane; give --embedded or --endpoint URL");
    }
    shell.err().print("vl: endpoint of a deployed control plane (empty: embedded): ");
    shell.err().flush();
    var answer =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
    if (answer == null || answer.isBlank()) {
      embedded = true;
    } else {
      endpoint = answer.strip();
    }
  }
}
