package io.vaultlayer.local.template;

import java.util.List;
import java.util.Map;

/**
 * One statement of a policy. Actions and resources may hold {@code *} and {@code ?}.
 *
 * @param principals who it speaks of: {@code *}, {@code Service:name} or {@code AWS:arn}; empty in
 *     a function's or role's own policy
 * @param conditions operator to key to wanted value; only known ones get this far
 */
public record Statement(
    String id,
    boolean allow,
    List<String> principals,
    List<String> actions,
    List<String> resources,
    Map<String, Map<String, String>> conditions) {
  public Statement {
    principals = List.copyOf(principals);
    actions = List.copyOf(actions);
    resources = List.copyOf(resources);
    conditions = Map.copyOf(conditions);
  }

  /** True when the statement speaks of this action on this resource, whatever it then says. */
  public boolean covers(String action, String resource) {
    return actions.stream().anyMatch(a -> matches(lower(a), lower(action)))
        && resources.stream().anyMatch(r -> matches(r, resource));
  }

  private static String lower(String text) {
    return text.toLowerCase(java.util.Locale.ROOT);
  }

  /** Whether a text fits a pattern with {@code *} (anything) and {@code ?} (one character). */
  public static boolean matches(String pattern, String text) {
    int p = 0;
    int t = 0;
    int star = -1;
    int mark = 0;
    while (t < text.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        mark = t;
      } else if (p < pattern.length()
          && (pattern.charAt(p) == '?' || pattern.charAt(p) == text.charAt(t))) {
        p++;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++mark;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
