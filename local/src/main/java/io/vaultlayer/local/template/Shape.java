package io.vaultlayer.local.template;

import io.vaultlayer.local.PlaneRefused;
import java.util.List;
import java.util.Map;

/** Reads resolved values of an expected shape, or says which resource's property has another. */
final class Shape {
  private Shape() {}

  static String text(String name, String property, Object value) {
    if (value instanceof String || value instanceof Long || value instanceof Boolean) {
      return value.toString();
    }
    throw wrong(name, property, "a text");
  }

  static int number(String name, String property, Object value, int least, int most) {
    try {
      var number = Long.parseLong(text(name, property, value).strip());
      if (number >= least && number <= most) {
        return (int) number;
      }
    } catch (NumberFormatException e) {
      // Said below in the same words as a number out of range.
    }
    throw wrong(name, property, "a whole number from " + least + " to " + most);
  }

  static boolean truth(String name, String property, Object value) {
    return switch (text(name, property, value)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(name, property, "true or false");
    };
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(String name, String property, Object value) {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw wrong(name, property, "a mapping");
  }

  static List<?> list(String name, String property, Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(name, property, "a list");
  }

  static PlaneRefused wrong(String name, String property, String wanted) {
    return new PlaneRefused(
        "template",
        "starting the embedded plane: resource " + name + ": " + property + " must be " + wanted);
  }
}
