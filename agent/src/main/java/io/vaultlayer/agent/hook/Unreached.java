package io.vaultlayer.agent.hook;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Commands whose Python never loads the import hook. The hook cannot say so; this can. */
public final class Unreached {
  private static final Pattern PYTHON = Pattern.compile("(.*/)?python[0-9.]*");

  private Unreached() {}

  /**
   * What to tell the user about a command, shell text in it included; empty where the hook is
   * loaded as far as the command shows.
   */
  public static Optional<String> by(List<String> command) {
    var words = new ArrayList<String>();
    command.forEach(each -> words.addAll(List.of(each.strip().split("\\s+"))));
    for (var rest = words.iterator(); rest.hasNext(); ) {
      if (PYTHON.matcher(rest.next()).matches()) {
        Optional<Character> option = option(rest);
        if (option.isPresent()) {
          return option.map(Unreached::sentence);
        }
      }
    }
    return Optional.empty();
  }

  /** The first of Python's own options that keeps the hook out. */
  private static Optional<Character> option(Iterator<String> rest) {
    while (rest.hasNext()) {
      String word = rest.next();
      if (word.length() < 2 || word.charAt(0) != '-' || word.charAt(1) == '-') {
        return Optional.empty();
      }
      for (char each : word.substring(1).toCharArray()) {
        switch (each) {
          case 'I', 'E', 'S' -> {
            return Optional.of(each);
          }
          case 'c', 'm' -> {
            return Optional.empty();
          }
          default -> {}
        }
        if (each == 'W' || each == 'X') {
          if (word.length() == 2 && rest.hasNext()) {
            rest.next();
          }
          break;
        }
      }
    }
    return Optional.empty();
  }

  private static String sentence(char option) {
    String why = option == 'S' ? "does not load sitecustomize" : "ignores PYTHONPATH";
    return "python -"
        + option
        + " "
        + why
        + ", so VaultLayer's import hook is not there: checkpoints are kept only from"
        + " VAULTLAYER_CHECKPOINT_DIR, and the script has to resume by itself from"
        + " VAULTLAYER_RESUME_FROM";
  }
}
