package io.vaultlayer.cli.frame;

import java.io.IOException;
import picocli.CommandLine.Option;

/** One command: its options as fields, and what it does with them. */
public abstract class Verb {
  @Option(names = "--json", description = "Print one JSON document on stdout and nothing else.")
  protected boolean json;

  @Option(names = "--debug", description = "Show the stack trace of a failure.")
  protected boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  protected boolean help;

  public final boolean json() {
    return json;
  }

  public final boolean debug() {
    return debug;
  }

  /**
   * @return the exit code
   * @throws Failure with what the user is to be told
   */
  public abstract int call(Shell shell) throws IOException, InterruptedException;
}
