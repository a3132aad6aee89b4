package io.vaultlayer.cli.render;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Numbers, times and foreign text as people read them. */
public final class Text {
  private Text() {}

  /** Control characters replaced, so that a job's text cannot move the cursor or change colours. */
  public static String printable(String text) {
    StringBuilder clean = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c >= 0x7f && c < 0xa0) {
        clean = clean == null ? new StringBuilder(text) : clean;
        clean.setCharAt(i, ' ');
      }
    }
    return clean == null ? text : clean.toString();
  }

  /** {@code 42s}, {@code 5m 03s}, {@code 2h 10m}, {@code 3d 4h}. */
  public static String duration(Duration duration) {
    long seconds = Math.max(0, duration.toSeconds());
    if (seconds < 60) {
      return seconds + "s";
    }
    if (seconds < 3600) {
      return "%dm %02ds".formatted(seconds / 60, seconds % 60);
    }
    if (seconds < 86_400) {
      return "%dh %02dm".formatted(seconds / 3600, seconds / 60 % 60);
    }
    return "%dd %dh".formatted(seconds / 86_400, seconds / 3600 % 24);
  }

  /** Time between an RFC 3339 instant and {@code now}; null when there is none. */
  public static String age(String from, Instant now) {
    var at = instant(from);
    return at == null ? null : duration(Duration.between(at, now));
  }

  /** An RFC 3339 time without fractions of a second; what is none stays as it is. */
  public static String seconds(String at) {
    var instant = instant(at);
    return instant == null ? at : instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Null when the text is no instant. */
  public static Instant instant(String text) {
    try {
      return text == null ? null : Instant.parse(text);
    } catch (DateTimeException e) {
      return null;
    }
  }

  public static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double value = bytes;
    for (var unit : new String[] {"KiB", "MiB", "GiB"}) {
      value /= 1024;
      if (value < 1024) {
        return String.format(Locale.ROOT, "%.1f %s", value, unit);
      }
    }
    return String.format(Locale.ROOT, "%.1f TiB", value / 1024);
  }

  public static String usd(double usd) {
    return String.format(Locale.ROOT, usd != 0 && Math.abs(usd) < 0.1 ? "$%.4f" : "$%.2f", usd);
  }

  /** Four significant digits; null stays null. */
  public static String number(Double value) {
    return value == null ? null : String.format(Locale.ROOT, "%.4g", value);
  }
}
