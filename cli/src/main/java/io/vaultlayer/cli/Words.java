package io.vaultlayer.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * A command line cut into the command's name and what follows it. The options that every command
 * has may stand before the name too.
 *
 * @param name one word, or two such as {@code local up}; empty when there is none
 */
record Words(String name, List<String> options, boolean help, boolean version) {

  static Words split(List<String> arguments) {
    var options = new ArrayList<String>();
    String name = "";
    boolean help = false;
    boolean version = false;
    int at = 0;
    for (; at < arguments.size(); at++) {
      var word = arguments.get(at);
      if (isCommon(word)) {
        options.add(word);
        help |= isHelp(word);
      } else if (name.isEmpty() && (word.equals("--version") || word.equals("-V"))) {
        version = true;
      } else if (name.isEmpty() && word.equals("help")) {
        help = true;
        options.add("--help");
      } else if (name.isEmpty()) {
        name = word;
        if (!Catalogue.hasSubcommands(word)) {
          at++;
          break;
        }
      } else {
        if (Catalogue.isCommand(name + " " + word)) {
          name = name + " " + word;
          at++;
        }
        break;
      }
    }
    options.addAll(arguments.subList(Math.min(at, arguments.size()), arguments.size()));
    return new Words(name, List.copyOf(options), help, version);
  }

  private static boolean isCommon(String word) {
    return word.equals("--json") || word.equals("--debug") || isHelp(word);
  }

  private static boolean isHelp(String word) {
    return word.equals("--help") || word.equals("-h");
  }

  boolean json() {
    return own("--json");
  }

  boolean debug() {
    return own("--debug");
  }

  /**
   * True when the option is ours and not the training command's: a command line is looked through
   * before it could be read as a whole, because also a mistake in it is reported as asked.
   */
  private boolean own(String option) {
    boolean takesCommand = Catalogue.takesCommand(name);
    for (int i = 0; i < options.size(); i++) {
      var word = options.get(i);
      if (word.equals(option)) {
        return true;
      }
      boolean value = i > 0 && options.get(i - 1).startsWith("-") && !isCommon(options.get(i - 1));
      if (word.equals("--") || takesCommand && !word.startsWith("-") && !value) {
        return false;
      }
    }
    return false;
  }
}
