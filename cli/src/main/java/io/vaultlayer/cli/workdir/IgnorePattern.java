package io.vaultlayer.cli.workdir;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * One line of an ignore file, with git's meaning (gitignore(5), "Pattern format").
 *
 * @param negated the line takes a path back in
 * @param directoriesOnly the line ended in a slash
 * @param path matches a path relative to the ignore file's directory, separated by slashes
 */
record IgnorePattern(boolean negated, boolean directoriesOnly, Pattern path) {

  /** Empty for a blank line, a comment, and a line that can match nothing. */
  static Optional<IgnorePattern> parse(String line) {
    var text = withoutTrailingSpaces(line);
    if (text.isEmpty() || text.startsWith("#")) {
      return Optional.empty();
    }
    boolean negated = text.startsWith("!");
    text = negated ? text.substring(1) : text;
    boolean directoriesOnly = text.endsWith("/");
    text = directoriesOnly ? text.substring(0, text.length() - 1) : text;
    boolean anchored = text.contains("/");
    text = text.startsWith("/") ? text.substring(1) : text;
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      var regex = (anchored ? "" : "(?:.*/)?") + regex(text);
      return Optional.of(
          new IgnorePattern(negated, directoriesOnly, Pattern.compile(regex, Pattern.DOTALL)));
    } catch (PatternSyntaxException e) {
      return Optional.empty();
    }
  }

  boolean matches(String relative, boolean directory) {
    return (directory || !directoriesOnly) && path.matcher(relative).matches();
  }

  private static String withoutTrailingSpaces(String line) {
    int end = line.length();
    while (end > 0 && line.charAt(end - 1) == '\r') {
      end--;
    }
    while (end > 0 && line.charAt(end - 1) == ' ' && !(end > 1 && line.charAt(end - 2) == '\\')) {
      end--;
    }
    return line.substring(0, end);
  }

  private static String regex(String glob) {
    var out = new StringBuilder();
    int i = 0;
    while (i < glob.length()) {
      char c = glob.charAt(i);
      if (glob.startsWith("**/", i) && (i == 0 || glob.charAt(i - 1) == '/')) {
        out.append("(?:.*/)?");
        i += 3;
      } else if (glob.substring(i).equals("**") && i > 0 && glob.charAt(i - 1) == '/') {
        out.append(".+");
        i += 2;
      } else if (c == '*') {
        out.append("[^/]*");
        i++;
      } else if (c == '?') {
        out.append("[^/]");
        i++;
      } else if (c == '[') {
        i = characters(glob, i, out);
      } else if (c == '\\' && i + 1 < glob.length()) {
        out.append(Pattern.quote(glob.substring(i + 1, i + 2)));
        i += 2;
      } else {
        out.append(Pattern.quote(glob.substring(i, i + 1)));
        i++;
      }
    }
    return out.toString();
  }

  /** A set such as {@code [a-z]} or {@code [!0-9]}; returns the index behind it. */
  private static int characters(String glob, int from, StringBuilder out) {
    int i = from + 1;
    boolean inverted = i < glob.length() && (glob.charAt(i) == '!' || glob.charAt(i) == '^');
    i += inverted ? 1 : 0;
    int end = glob.indexOf(']', i + 1);
    if (end < 0) {
      throw new PatternSyntaxException("a set without its end", glob, from);
    }
    var set = glob.substring(i, end).replace("\\", "\\\\").replace("[", "\\[").replace("&", "\\&");
    set = set.startsWith("]") ? "\\" + set : set;
    set = set.replace("^", "\\^");
    out.append("(?!/)[").append(inverted ? "^" : "").append(set).append(']');
    return end + 1;
  }
}
