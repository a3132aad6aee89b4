package io.vaultlayer.local.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads policy documents. A condition that the plane cannot evaluate stops the start. */
final class Policies {
  /** Operator and key of every condition that is evaluated; the rest is refused. */
  private static final Map<String, Set<String>> CONDITIONS =
      Map.of(
          "Bool", Set.of("aws:SecureTransport", "s3:ObjectCreationOperation"),
          "Null", Set.of("s3:if-none-match"),
          "StringEquals", Set.of("aws:SourceAccount"));

  private Policies() {}

  /** A role's trust policy: its statements name no resource, because they speak of the role. */
  static List<Statement> readTrust(String name, Object document) {
    if (document == null) {
      throw Shape.wrong(name, "AssumeRolePolicyDocument", "a policy document");
    }
    var out = new ArrayList<Statement>();
    for (var statement :
        many(Shape.map(name, "AssumeRolePolicyDocument", document).get("Statement"))) {
      var whole = new LinkedHashMap<>(Shape.map(name, "Statement", statement));
      whole.put("Resource", "*");
      out.add(statement(name, whole, out.size()));
    }
    return out;
  }

  /** Statements of a resolved policy document. */
  static List<Statement> read(String name, Object document) {
    if (!(document instanceof Map<?, ?> map)) {
      throw Honoured.notHonoured(name, "policy", "a policy that is no document");
    }
    for (var key : map.keySet()) {
      if (!Set.of("Version", "Statement", "Id").contains(key)) {
        throw Honoured.notHonoured(name, "policy", "the property " + key);
      }
    }
    var out = new ArrayList<Statement>();
    for (var statement : many(map.get("Statement"))) {
      out.add(statement(name, Shape.map(name, "Statement", statement), out.size()));
    }
    return out;
  }

  private static Statement statement(String name, Map<String, Object> map, int number) {
    Honoured.check(name, Honoured.STATEMENT, map);
    var effect = Shape.text(name, "Effect", map.get("Effect"));
    if (!effect.equals("Allow") && !effect.equals("Deny")) {
      throw Honoured.notHonoured(name, Honoured.STATEMENT, "the effect " + effect);
    }
    return new Statement(
        map.containsKey("Sid") ? Shape.text(name, "Sid", map.get("Sid")) : "statement " + number,
        effect.equals("Allow"),
        principals(name, map.get("Principal")),
        texts(name, "Action", map.get("Action")),
        texts(name, "Resource", map.get("Resource")),
        conditions(name, map.get("Condition")));
  }

  private static List<String> principals(String name, Object value) {
    if (value == null) {
      return List.of();
    }
    if (value instanceof String text) {
      return List.of(text);
    }
    var out = new ArrayList<String>();
    Shape.map(name, "Principal", value)
        .forEach((kind, who) -> texts(name, kind, who).forEach(one -> out.add(kind + ":" + one)));
    return out;
  }

  private static Map<String, Map<String, String>> conditions(String name, Object value) {
    if (value == null) {
      return Map.of();
    }
    var out = new LinkedHashMap<String, Map<String, String>>();
    Shape.map(name, "Condition", value)
        .forEach((operator, tests) ->
            Shape.map(name, operator, tests)
                .forEach((key, wanted) -> {
                  if (!CONDITIONS.getOrDefault(operator, Set.of()).contains(key)) {
                    throw Honoured.notHonoured(
                        name, Honoured.STATEMENT, "the condition " + operator + " on " + key);
                  }
                  out.computeIfAbsent(operator, o -> new LinkedHashMap<>())
                      .put(key, Shape.text(name, key, wanted));
                }));
    return out;
  }

  private static List<String> texts(String name, String property, Object value) {
    if (value == null) {
      throw Honoured.notHonoured(name, Honoured.STATEMENT, "a statement without " + property);
    }
    return many(value).stream().map(one -> Shape.text(name, property, one)).toList();
  }

  private static List<?> many(Object value) {
    return switch (value) {
      case null -> List.of();
      case List<?> list -> list;
      default -> List.of(value);
    };
  }
}
