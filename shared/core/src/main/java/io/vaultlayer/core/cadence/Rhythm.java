package io.vaultlayer.core.cadence;

import java.util.Optional;
import java.util.regex.Pattern;

/** After what a save is asked for. */
public sealed interface Rhythm {
  /** The user's: every so many steps, at least 1. */
  record Steps(long steps) implements Rhythm {}

  /** The user's: every so many seconds, at least 1. */
  record Time(long seconds) implements Rhythm {}

  /** Ours: what loses least at this mean time between losses of the place, in seconds. */
  record Best(double mtbfSeconds) implements Rhythm {}

  Pattern FORM = Pattern.compile("([0-9]{1,10})([smhd]?)");

  /**
   * The user's word ({@code --checkpoint-every}: {@code 500}, {@code 30s}, {@code 10m}), where
   * there is one that can be read, else ours.
   */
  static Rhythm of(Optional<String> asked, double mtbfSeconds) {
    var form = FORM.matcher(asked.orElse("").strip());
    if (!form.matches() || Long.parseLong(form.group(1)) == 0) {
      return new Best(mtbfSeconds);
    }
    long number = Long.parseLong(form.group(1));
    return switch (form.group(2)) {
      case "s" -> new Time(number);
      case "m" -> new Time(number * 60);
      case "h" -> new Time(number * 3600);
      case "d" -> new Time(number * 86400);
      default -> new Steps(number);
    };
  }
}
