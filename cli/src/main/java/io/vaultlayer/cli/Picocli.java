package io.vaultlayer.cli;

import io.vaultlayer.cli.frame.Verb;
import java.util.Locale;
import picocli.CommandLine;

/** How picocli is set up for one command, and its errors in our shape. */
final class Picocli {
  private static final int WIDTH = 96;

  private Picocli() {}

  static CommandLine of(Verb verb) {
    var line = new CommandLine(verb);
    var name = line.getCommandName();
    return line.setExpandAtFiles(false)
        .setTrimQuotes(false)
        .setInterpolateVariables(false)
        .setAllowOptionsAsOptionParameters(false)
        .setOverwrittenOptionsAllowed(true)
        .setStopAtPositional(Catalogue.takesCommand(name.substring(name.indexOf(' ') + 1)));
  }

  static String help(CommandLine line) {
    return line.setUsageHelpWidth(WIDTH).getUsageMessage(CommandLine.Help.Ansi.OFF);
  }

  static String message(String command, CommandLine.ParameterException e) {
    var text = String.valueOf(e.getMessage()).lines().findFirst().orElse("not understood");
    return "reading the options of vl "
        + command
        + ": "
        + text.substring(0, 1).toLowerCase(Locale.ROOT)
        + text.substring(1)
        + "; vl "
        + command
        + " --help lists them";
  }
}
