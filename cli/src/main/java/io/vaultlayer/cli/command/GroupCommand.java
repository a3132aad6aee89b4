package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** A first word that needs a second, such as {@code vl local}. */
@Command(name = "vl")
public final class GroupCommand extends Verb {
  private final String word;
  private final List<String> seconds;

  @Unmatched private List<String> rest;

  public GroupCommand(String word, List<String> seconds) {
    this.word = word;
    this.seconds = List.copyOf(seconds);
  }

  @Override
  public int call(Shell shell) {
    throw Failure.usage(
        "no_subcommand",
        "running vl "
            + word
            + (rest == null || rest.isEmpty() ? "" : " " + rest.getFirst())
            + ": no such command; write vl "
            + word
            + " and one of "
            + String.join(", ", seconds));
  }
}
