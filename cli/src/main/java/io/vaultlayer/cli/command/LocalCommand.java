package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

@Command(
    name = "vl local",
    description = "The embedded control plane: vl local up, down, status, credentials JOB.",
    footer = {"", "Example:", "  vl local status"})
public final class LocalCommand extends Verb {
  @Unmatched private java.util.List<String> words;

  @Override
  public int call(Shell shell) {
    throw Failure.usage(
        "no_subcommand",
        "running vl local"
            + (words == null || words.isEmpty() ? "" : " " + words.getFirst())
            + ": say which of up, down, status, credentials; vl local --help tells more");
  }
}
