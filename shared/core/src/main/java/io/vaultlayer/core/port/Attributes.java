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
    var bytes = new int[1];
    var copy = copyMap(attributes, "", 1, bytes);
    if (bytes[0] > MOST_BYTES) {
      throw new IllegalArgumentException(
          "a row holds at most " + MOST_BYTES + " bytes, not " + bytes[0]);
    }
    return copy;
  }

  private static Object copy(Object value, String where, int level, int[] bytes) {
    return switch (value) {
      case String text -> {
        bytes[0] += text.getBytes(StandardCharsets.UTF_8).length + 3;
        yield text;
      }
      case Double number -> {
        if (!Double.isFinite(number)) {
          throw new IllegalArgumentException(where + " is not a finite number");
        }
        bytes[0] += 24;
        yield number;
      }
      case Long number -> {
        bytes[0] += 24;
        yield number;
      }
      case Boolean bool -> {
        bytes[0] += 1;
        yield bool;
      }
      case List<?> list -> copyList(list, where, level + 1, bytes);
      case Map<?, ?> map -> copyMap(map, where, level + 1, bytes);
      case null -> throw new IllegalArgumentException(where + " is null: leave it out instead");
      default ->
          throw new IllegalArgumentException(
              where
                  + " is a "
                  + value.getClass().getSimpleName()
                  + ": a row holds String, Long, Double, Boolean, List and Map");
    };
  }

  private static List<Object> copyList(List<?> list, String where, int level, int[] bytes) {
    checkLevel(where, level);
    bytes[0] += 3;
    var copy = new ArrayList<Object>(list.size());
    for (var value : list) {
      copy.add(copy(value, where + "[" + copy.size() + "]", level, bytes));
    }
    return Collections.unmodifiableList(copy);
  }

  private static Map<String, Object> copyMap(Map<?, ?> map, String where, int level, int[] bytes) {
    checkLevel(where, level);
    bytes[0] += 3;
    var copy = new LinkedHashMap<String, Object>();
    map.forEach((key, value) -> {
      if (!(key instanceof String name) || name.isEmpty()) {
        throw new IllegalArgumentException("names inside " + where + " are non-empty strings");
      }
      bytes[0] += name.getBytes(StandardCharsets.UTF_8).length + 1;
      copy.put(name, copy(value, where.isEmpty() ? name : where + "." + name, level, bytes));
    });
    return Collections.unmodifiableMap(copy);
  }

  private static void checkLevel(String where, int level) {
    if (level > MOST_LEVELS) {
      throw new IllegalArgumentException(where + " nests deeper than " + MOST_LEVELS + " levels");
    }
  }
}
