package io.vaultlayer.cli;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Refusal;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Finds the command that the words name, lets picocli read its options, runs it, reports. */
public final class Program {
  private final Shell shell;

  /** How a failure is reported: first as the words look, once they were parsed as they are. */
  private boolean json;

  private boolean debug;

  public Program(Shell shell) {
    this.shell = shell;
  }

  /** Runs one command line. Returns the exit code; nothing is thrown. */
  public int run(String... arguments) {
    var words = Words.split(List.of(arguments));
    json = words.json();
    debug = words.debug();
    try {
      return dispatch(words);
    } catch (Failure e) {
      return report(e);
    } catch (Refusal e) {
      return report(e.failure().because(e));
    } catch (Json.MalformedJson e) {
      return report(
          Failure.unreachable(
                  "reading the control plane's answer: "
                      + e.getMessage()
                      + "; is the endpoint a VaultLayer control plane of this version?")
              .because(e));
    } catch (InterruptedException e) {
      return ExitCode.DETACHED;
    } catch (IOException e) {
      return report(
          Failure.refused("io_error", "running vl " + words.name() + ": " + said(e)).because(e));
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      return report(
          Failure.refused(
                  "internal_error",
                  "running vl "
                      + words.name()
                      + ": an error of the program itself ("
                      + e
                      + "); run it again with --debug and report what it prints")
              .because(e));
    } finally {
      shell.out().flush();
      shell.err().flush();
    }
  }

  private int dispatch(Words words) throws IOException, InterruptedException {
    if (words.version()) {
      return run(Catalogue.version(), new Words("version", words.options(), false, false));
    }
    if (words.name().isEmpty()) {
      if (words.json() && !words.help()) {
        throw Failure.usage("no_command", "running vl: no command; vl --help lists them");
      }
      shell.out().print(Catalogue.overview());
      return words.help() ? ExitCode.DONE : ExitCode.USAGE;
    }
    var verb =
        Catalogue.verb(words.name())
            .orElseThrow(() ->
                Failure.usage(
                    "unknown_command",
                    "running vl "
                        + words.name()
                        + ": no such command; "
                        + Catalogue.suggestion(words.name())));
    return run(verb, words);
  }

  private int run(Verb verb, Words words) throws IOException, InterruptedException {
    var line = Picocli.of(verb, words.name());
    var options = new ArrayList<>(words.options());
    try {
      line.parseArgs(options.toArray(String[]::new));
    } catch (CommandLine.ParameterException e) {
      throw Failure.usage("bad_usage", Picocli.message(words.name(), e)).because(e);
    }
    json = verb.json();
    debug = verb.debug();
    if (line.isUsageHelpRequested()) {
      shell.out().print(Picocli.help(line));
      return ExitCode.DONE;
    }
    return verb.call(shell);
  }

  private int report(Failure failure) {
    if (json) {
      shell
          .out()
          .print(
              Json.render(new ErrorDocument(failure.code(), failure.getMessage(), failure.detail()))
                  + "\n");
    } else {
      // What was typed may be quoted in it, with line breaks and escape sequences.
      shell.err().print(Text.printable(failure.getMessage()) + "\n");
    }
    if (debug) {
      failure.printStackTrace(shell.err());
    }
    return failure.exit();
  }

  private static String said(IOException e) {
    if (e instanceof FileSystemException file && file.getReason() == null) {
      var kind = e.getClass().getSimpleName().replaceAll("Exception$", "");
      return file.getFile()
          + ": "
          + kind.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(java.util.Locale.ROOT)
          + "; correct it and try again";
    }
    return e.getMessage() + "; correct it and try again";
  }
}
