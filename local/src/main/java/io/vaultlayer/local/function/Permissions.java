package io.vaultlayer.local.function;

import io.vaultlayer.local.template.Statement;
import java.util.List;
import java.util.Map;

/** What policy statements allow: a deny wins, and what nobody allowed is refused. */
public final class Permissions {
  private final List<Statement> statements;

  public Permissions(List<Statement> statements) {
    this.statements = List.copyOf(statements);
  }

  /** Without any condition's context. */
  public boolean allows(String action, String resource) {
    return allows("", action, resource, Map.of());
  }

  /**
   * @param principal who asks, in the form of {@link Statement#principals}; empty for a policy that
   *     belongs to the caller itself
   * @param context values of the conditions' keys; a key that is not there is null
   */
  public boolean allows(
      String principal, String action, String resource, Map<String, String> context) {
    boolean allowed = false;
    for (var statement : statements) {
      if (statement.covers(action, resource)
          && speaksOf(statement, principal)
          && holds(statement, context)) {
        if (!statement.allow()) {
          return false;
        }
        allowed = true;
      }
    }
    return allowed;
  }

  private static boolean speaksOf(Statement statement, String principal) {
    return principal.isEmpty()
        || statement.principals().contains("*")
        || statement.principals().contains(principal);
  }

  private static boolean holds(Statement statement, Map<String, String> context) {
    return statement.conditions().entrySet().stream()
        .allMatch(test ->
            test.getValue().entrySet().stream()
                .allMatch(wanted -> {
                  var value = context.get(wanted.getKey());
                  return switch (test.getKey()) {
                    case "Null" -> (value == null) == Boolean.parseBoolean(wanted.getValue());
                    case "Bool", "StringEquals" -> wanted.getValue().equals(value);
                    default ->
                        throw new IllegalStateException(
                            "a condition that nobody evaluates: " + test.getKey());
                  };
                }));
  }
}
