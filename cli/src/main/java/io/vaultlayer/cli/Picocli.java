package io.vaultlayer.cli;

import io.vaultlayer.cli.command.NotBuiltCommand;
import io.vaultlayer.cli.frame.Verb;
import java.util.Locale;
import picocli.CommandLine;

/** How picocli is set up for one command, and its errors in our shape. */
final class Picocli {
  private static final int WIDTH = 96;

  private Picocli() {}

  static CommandLine of(Verb verb, String words) {
    var line = new CommandLine(verb);
    if (line.getCommandName().equals("vl")) { // it has no file, and so no help, of its own
      line.setCommandName("vl " + words);
      line.getCommandSpec()
          .usageMessage()
          .description(sentence(Catalogue.does(words)))
          .footer("", "Example:", "  " + NotBuiltCommand.example(words));
    }
    return line.setExpandAtFiles(false)
        .setTrimQuotes(false)
        .setInterpolateVariables(false)
        .setAllowOptionsAsOptionParameters(false)
        .setOverwrittenOptionsAllowed(true)
        .setStopAtPositional(Catalogue.takesCommand(words));
  }

  private static String sentence(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".";
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
        // Java's names of types say nothing to who has typed a price.
        + text.substring(1).replaceFirst(" is not an? (double|int|long|float)$", " is not a number")
        + "; vl "
        + command
        + " --help lists them";
  }
}
