package io.vaultlayer.bench.report;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The options of a bench: {@code --name value} and flags. */
public final class Options {
  private final Map<String, String> values = new HashMap<>();

  private Options() {}

  /** Wrong usage: the message says what is allowed. */
  public static final class WrongUsage extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WrongUsage(String message) {
      super(message);
    }
  }

  /**
   * @param numbers names that take a whole number, {@code flags} those that take nothing
   */
  public static Options parse(String[] arguments, List<String> numbers, List<String> flags) {
    var options = new Options();
    for (int i = 0; i < arguments.length; i++) {
      var name = arguments[i];
      if (flags.contains(name)) {
        options.values.put(name, "");
      } else if (numbers.contains(name) && i + 1 < arguments.length) {
        options.values.put(name, arguments[++i]);
      } else {
        throw new WrongUsage(
            "unknown or incomplete option "
                + name
                + "; known are "
                + numbers
                + " with a number and "
                + flags);
      }
    }
    return options;
  }

  public boolean has(String flag) {
    return values.containsKey(flag);
  }

  public long number(String name, long otherwise, long least, long most) {
    var text = values.get(name);
    if (text == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new WrongUsage(name + " is " + least + " to " + most + ", not " + text);
  }
}
