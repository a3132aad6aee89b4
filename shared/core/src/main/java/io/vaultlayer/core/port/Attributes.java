package io.vaultlayer.core.port;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The one rule of what a row may hold, so that every store refuses the same rows. */
public final class Attributes {
  /** A row ends at 400 KB in DynamoDB; the rest is room for names and keys. */
  public static final int MOST_BYTES = 350_000;

  /** DynamoDB nests to 32 levels; a row that goes this deep is a mistake anyway. */
  public static final int MOST_LEVELS = 16;

  private Attributes() {}

  /**
   * An unmodifiable deep copy.
   *
   * @throws IllegalArgumentException naming the attribute whose value no store could keep
   */
  public static Map<String, Object> frozen(Map<String, Object> attributes) {
    var copying = new Copying();
    var copy = copying.map(attributes);
    if (copying.bytes > MOST_BYTES) {
      throw new IllegalArgumentException(
          "a row holds at most " + MOST_BYTES + " bytes, not " + copying.bytes);
    }
    return copy;
  }

  /** Counts on its way down; where it stands is put into words only when a value is refused. */
  private static final class Copying {
    private final List<Object> path = new ArrayList<>();
    private int bytes;

    /**
     * @param step the name in a map or the place in a list
     */
    private Object value(Object step, Object value) {
      path.add(step);
      var copy = value(value);
      path.removeLast();
      return copy;
    }

    private Object value(Object value) {
      return switch (value) {
        case String text -> {
          bytes += utf8Length(text) + 3;
          yield text;
        }
        case Double number -> {
          if (!Double.isFinite(number)) {
            throw new IllegalArgumentException(where() + " is not a finite number");
          }
          bytes += 24;
          yield number;
        }
        case Long number -> {
          bytes += 24;
          yield number;
        }
        case Boolean bool -> {
          bytes += 1;
          yield bool;
        }
        case List<?> list -> list(list);
        case Map<?, ?> map -> map(map);
        case null -> throw new IllegalArgumentException(where() + " is null: leave it out instead");
        default ->
            throw new IllegalArgumentException(
                where()
                    + " is a "
                    + value.getClass().getSimpleName()
                    + ": a row holds String, Long, Double, Boolean, List and Map");
      };
    }

    private List<Object> list(List<?> list) {
      checkLevel();
      bytes += 3;
      var copy = new ArrayList<Object>(list.size());
      for (var value : list) {
        copy.add(value((Integer) copy.size(), value));
      }
      return Collections.unmodifiableList(copy);
    }

    private Map<String, Object> map(Map<?, ?> map) {
      checkLevel();
      bytes += 3;
      var copy = LinkedHashMap.<String, Object>newLinkedHashMap(map.size());
      for (var entry : map.entrySet()) {
        if (!(entry.getKey() instanceof String name) || name.isEmpty()) {
          throw new IllegalArgumentException("names inside " + where() + " are non-empty strings");
        }
        bytes += utf8Length(name) + 1;
        copy.put(name, value(name, entry.getValue()));
      }
      return Collections.unmodifiableMap(copy);
    }

    private void checkLevel() {
      // The row itself is level 1.
      if (path.size() >= MOST_LEVELS) {
        throw new IllegalArgumentException(
            where() + " nests deeper than " + MOST_LEVELS + " levels");
      }
    }

    /** Such as {@code money.lines[3]}. */
    private String where() {
      var text = new StringBuilder();
      for (var step : path) {
        if (step instanceof Integer place) {
          text.append('[').append(place).append(']');
        } else {
          text.append(text.isEmpty() ? "" : ".").append(step);
        }
      }
      return text.toString();
    }
  }

  /** Most text is ASCII, whose length is known without encoding it. */
  private static int utf8Length(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return text.getBytes(StandardCharsets.UTF_8).length;
      }
    }
    return text.length();
  }
}
