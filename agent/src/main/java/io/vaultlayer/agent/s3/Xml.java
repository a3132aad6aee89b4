package io.vaultlayer.agent.s3;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Just enough XML for S3's answers, which are flat and machine-made: the text between two tags. A
 * real parser would cost more CPU at start than everything else here together.
 */
final class Xml {
  private Xml() {}

  /** Text of the first element of this name. */
  static Optional<String> text(String xml, String name) {
    List<String> inner = inner(xml, name, 1);
    return inner.isEmpty() ? Optional.empty() : Optional.of(unescape(inner.getFirst()));
  }

  /** What stands between the tags of the first {@code most} elements of this name, as it is. */
  static List<String> inner(String xml, String name, int most) {
    var found = new ArrayList<String>();
    int at = 0;
    while (found.size() < most) {
      int open = openTag(xml, name, at);
      if (open < 0) {
        break;
      }
      int from = xml.indexOf('>', open) + 1;
      if (from == 0) {
        break;
      }
      if (xml.charAt(from - 2) == '/') {
        found.add("");
        at = from;
        continue;
      }
      int to = xml.indexOf("</" + name + ">", from);
      if (to < 0) {
        break;
      }
      found.add(xml.substring(from, to));
      at = to;
    }
    return found;
  }

  static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static int openTag(String xml, String name, int from) {
    int at = xml.indexOf("<" + name, from);
    while (at >= 0) {
      int after = at + 1 + name.length();
      if (after < xml.length() && " />\t\r\n".indexOf(xml.charAt(after)) >= 0) {
        return at;
      }
      at = xml.indexOf("<" + name, at + 1);
    }
    return -1;
  }

  private static String unescape(String text) {
    if (text.indexOf('&') < 0) {
      return text;
    }
    var out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      int end = text.charAt(i) == '&' ? text.indexOf(';', i) : -1;
      Optional<String> character =
          end < 0 || end - i > 10 ? Optional.empty() : entity(text.substring(i + 1, end));
      if (character.isPresent()) {
        out.append(character.get());
        i = end;
      } else {
        out.append(text.charAt(i));
      }
    }
    return out.toString();
  }

  private static Optional<String> entity(String name) {
    return switch (name) {
      case "amp" -> Optional.of("&");
      case "lt" -> Optional.of("<");
      case "gt" -> Optional.of(">");
      case "quot" -> Optional.of("\"");
      case "apos" -> Optional.of("'");
      default -> numbered(name);
    };
  }

  private static Optional<String> numbered(String name) {
    if (!name.startsWith("#")) {
      return Optional.empty();
    }
    try {
      boolean hex = name.startsWith("#x");
      int point = Integer.parseInt(name.substring(hex ? 2 : 1), hex ? 16 : 10);
      return Character.isValidCodePoint(point)
          ? Optional.of(Character.toString(point))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
