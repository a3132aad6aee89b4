package io.vaultlayer.local.template;

import io.vaultlayer.local.PlaneRefused;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Resolves {@code Ref}, {@code GetAtt}, {@code Sub}, {@code If}, {@code Join}, {@code Select} and
 * {@code Split}, and the conditions' {@code Equals}, {@code Not}, {@code And}, {@code Or}. Any
 * other one stops the start.
 */
final class Intrinsics {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(!?)([^}]*)}");

  /**
   * On AWS the API's address is made of its id; here there is no such host, so the whole is one.
   */
  private static final Pattern API_ADDRESS =
      Pattern.compile(
          "https://\\$\\{([A-Za-z0-9]+)}\\.execute-api\\.\\$\\{AWS::Region}"
              + "\\.\\$\\{AWS::URLSuffix}");

  /** Stands for a property that {@code AWS::NoValue} removes. */
  private static final Object NOTHING = new Object();

  private static final int DEEPEST_CONDITION = 20;

  private final Map<String, String> parameters;
  private final Map<String, Object> conditions;
  private final Map<String, Physical> resources;
  private final LocalNames names;

  /** How a resource is named here: what {@code Ref} gives, and each attribute. */
  record Physical(String type, String ref, Map<String, String> attributes) {}

  Intrinsics(
      Map<String, String> parameters,
      Map<String, Object> conditions,
      Map<String, Physical> resources,
      LocalNames names) {
    this.parameters = parameters;
    this.conditions = conditions;
    this.resources = resources;
    this.names = names;
  }

  /** The value with every call resolved. {@code where} is named in errors. */
  Object resolve(Object value, String where) {
    var resolved = value(value, where);
    return resolved == NOTHING ? "" : resolved;
  }

  /** Whether a condition of the template's section holds. */
  boolean holds(String condition, String where) {
    return truth(new Intrinsic("Condition", condition), where, 0);
  }

  private Object value(Object value, String where) {
    return switch (value) {
      case Intrinsic call -> call(call, where);
      case Map<?, ?> map -> {
        var out = new LinkedHashMap<String, Object>();
        map.forEach((key, child) -> {
          var resolved = value(child, where + "." + key);
          if (resolved != NOTHING) {
            out.put((String) key, resolved);
          }
        });
        yield out;
      }
      case List<?> list -> {
        var out = new ArrayList<Object>();
        for (var child : list) {
          var resolved = value(child, where);
          if (resolved != NOTHING) {
            out.add(resolved);
          }
        }
        yield out;
      }
      default -> value;
    };
  }

  private Object call(Intrinsic call, String where) {
    return switch (call.name()) {
      case "Ref" -> ref(String.valueOf(call.argument()), where);
      case "GetAtt" -> attribute(call.argument(), where);
      case "Sub" -> sub(call.argument(), where);
      case "If" -> {
        var parts = list(call, 3, where);
        yield value(
            truth(new Intrinsic("Condition", parts.get(0)), where, 0) ? parts.get(1) : parts.get(2),
            where);
      }
      case "Join" -> {
        var parts = list(call, 2, where);
        if (!(value(parts.get(1), where) instanceof List<?> items)) {
          throw wrong("!Join takes a delimiter and a list", where);
        }
        yield String.join(
            String.valueOf(parts.get(0)), items.stream().map(String::valueOf).toList());
      }
      case "Select" -> {
        var parts = list(call, 2, where);
        var index = Integer.parseInt(String.valueOf(value(parts.get(0), where)));
        if (!(value(parts.get(1), where) instanceof List<?> items)
            || index < 0
            || index >= items.size()) {
          throw wrong("!Select takes an index within its list", where);
        }
        yield items.get(index);
      }
      case "Split" -> {
        var parts = list(call, 2, where);
        yield List.of(
            String.valueOf(value(parts.get(1), where))
                .split(Pattern.quote(String.valueOf(parts.get(0))), -1));
      }
      default -> throw wrong("!" + call.name() + " is not honoured by the embedded plane", where);
    };
  }

  private Object ref(String name, String where) {
    var known =
        switch (name) {
          case "AWS::AccountId" -> LocalNames.ACCOUNT;
          case "AWS::Region" -> LocalNames.REGION;
          case "AWS::Partition" -> LocalNames.PARTITION;
          case "AWS::URLSuffix" -> LocalNames.SUFFIX;
          case "AWS::StackName" -> "vaultlayer";
          case "AWS::StackId" -> names.arn("cloudformation", "stack/vaultlayer/local");
          case "AWS::NoValue" -> NOTHING;
          default -> null;
        };
    if (known != null) {
      return known;
    }
    if (parameters.containsKey(name)) {
      return parameters.get(name);
    }
    var resource = resources.get(name);
    if (resource == null) {
      throw wrong("!Ref " + name + ": no such parameter or resource", where);
    }
    return resource.ref();
  }

  private String attribute(Object argument, String where) {
    var text =
        argument instanceof List<?> parts
            ? String.join(".", parts.stream().map(String::valueOf).toList())
            : String.valueOf(argument);
    int dot = text.indexOf('.');
    if (dot < 1) {
      throw wrong("!GetAtt takes Resource.Attribute, not " + text, where);
    }
    var resource = resources.get(text.substring(0, dot));
    if (resource == null) {
      throw wrong("!GetAtt " + text + ": no such resource", where);
    }
    var value = resource.attributes().get(text.substring(dot + 1));
    if (value == null) {
      throw wrong(
          "!GetAtt "
              + text
              + ": the embedded plane gives a "
              + resource.type()
              + " only "
              + resource.attributes().keySet(),
          where);
    }
    return value;
  }

  private String sub(Object argument, String where) {
    Map<?, ?> own = Map.of();
    String text;
    if (argument instanceof List<?> parts
        && parts.size() == 2
        && parts.get(0) instanceof String template
        && parts.get(1) instanceof Map<?, ?> map) {
      text = template;
      own = map;
    } else if (argument instanceof String template) {
      text = template;
    } else {
      throw wrong("!Sub takes a text, or a text and a map", where);
    }
    var api = API_ADDRESS.matcher(text);
    var out = new StringBuilder();
    while (api.find()) {
      var resource = resources.get(api.group(1));
      api.appendReplacement(
          out,
          Matcher.quoteReplacement(
              resource != null && resource.type().equals(Honoured.API)
                  ? names.apiEndpoint()
                  : api.group()));
    }
    api.appendTail(out);
    var variables = own;
    return PLACEHOLDER
        .matcher(out)
        .replaceAll(found -> {
          if (!found.group(1).isEmpty()) {
            return Matcher.quoteReplacement("${" + found.group(2) + "}");
          }
          var name = found.group(2).trim();
          Object value =
              variables.containsKey(name)
                  ? value(variables.get(name), where)
                  : name.contains(".") ? attribute(name, where) : ref(name, where);
          return Matcher.quoteReplacement(value == NOTHING ? "" : String.valueOf(value));
        });
  }

  private boolean truth(Object condition, String where, int depth) {
    if (depth > DEEPEST_CONDITION) {
      throw wrong("conditions refer to each other in a circle", where);
    }
    if (!(condition instanceof Intrinsic call)) {
      throw wrong("a condition is made of !Equals, !Not, !And, !Or, !Condition", where);
    }
    return switch (call.name()) {
      case "Condition" -> {
        var name = String.valueOf(call.argument());
        if (!conditions.containsKey(name)) {
          throw wrong("no such condition: " + name, where);
        }
        yield truth(conditions.get(name), where, depth + 1);
      }
      case "Equals" -> {
        var parts = list(call, 2, where);
        yield String.valueOf(value(parts.get(0), where))
            .equals(String.valueOf(value(parts.get(1), where)));
      }
      case "Not" -> !truth(list(call, 1, where).getFirst(), where, depth + 1);
      case "And" -> {
        boolean all = true;
        for (var part : (List<?>) call.argument()) {
          all &= truth(part, where, depth + 1);
        }
        yield all;
      }
      case "Or" -> {
        boolean any = false;
        for (var part : (List<?>) call.argument()) {
          any |= truth(part, where, depth + 1);
        }
        yield any;
      }
      default -> throw wrong("!" + call.name() + " makes no condition", where);
    };
  }

  private static List<?> list(Intrinsic call, int size, String where) {
    if (call.argument() instanceof List<?> parts && parts.size() == size) {
      return parts;
    }
    throw wrong("!" + call.name() + " takes a list of " + size, where);
  }

  private static PlaneRefused wrong(String what, String where) {
    return new PlaneRefused("template", "reading the template at " + where + ": " + what);
  }
}
