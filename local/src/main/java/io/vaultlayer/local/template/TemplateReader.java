package io.vaultlayer.local.template;

import io.vaultlayer.local.PlaneRefused;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads template.yaml: parameters, conditions, references, then each resource by its type. */
public final class TemplateReader {
  private final Map<String, Object> root;
  private final LocalNames names;
  private final Map<String, Map<String, Object>> live = new LinkedHashMap<>();
  private final Intrinsics intrinsics;

  private TemplateReader(
      Map<String, Object> root, Map<String, String> overrides, LocalNames names) {
    this.root = root;
    this.names = names;
    Honoured.check("template", "template", root);
    var parameters = parameters(overrides);
    var conditions = section("Conditions");
    var before = new Intrinsics(parameters, conditions, Map.of(), names);
    section("Resources")
        .forEach((name, value) -> {
          var resource = Shape.map(name, "resource", value);
          Honoured.check(name, "resource", resource);
          if (!resource.containsKey("Condition")
              || before.holds(String.valueOf(resource.get("Condition")), name)) {
            live.put(name, resource);
          }
        });
    var physical = new LinkedHashMap<String, Intrinsics.Physical>();
    live.forEach((name, resource) -> physical.put(name, physical(name, resource, before)));
    this.intrinsics = new Intrinsics(parameters, conditions, physical, names);
  }

  /**
   * @param overrides parameter values that this deployment gives, instead of the defaults
   * @throws PlaneRefused naming the resource and property that are wrong or not honoured
   */
  public static Template read(Path file, Map<String, String> overrides, LocalNames names) {
    return new TemplateReader(YamlTree.read(file), overrides, names).template();
  }

  /** The same for a text. */
  public static Template parse(String text, Map<String, String> overrides, LocalNames names) {
    return new TemplateReader(YamlTree.parse(text, "template"), overrides, names).template();
  }

  private Template template() {
    var resources = new Resources(names);
    var globals = globals();
    for (var entry : live.entrySet()) {
      var name = entry.getKey();
      var type = type(name, entry.getValue());
      var raw = Optional.ofNullable(entry.getValue().get("Properties")).orElse(Map.of());
      var properties = Shape.map(name, "Properties", intrinsics.resolve(raw, name));
      Honoured.check(name, type, properties);
      resources.add(
          name, type, type.equals(Honoured.FUNCTION) ? merged(globals, properties) : properties);
    }
    return resources.template();
  }

  private Map<String, Object> globals() {
    var section = section("Globals");
    Honoured.check("Globals", "Globals", section);
    var function =
        Shape.map(
            "Globals",
            "Function",
            intrinsics.resolve(section.getOrDefault("Function", Map.of()), "Globals"));
    Honoured.check("Globals.Function", Honoured.FUNCTION, function);
    return function;
  }

  /** SAM's rule: the function's own value wins, and variables are merged one by one. */
  private static Map<String, Object> merged(Map<String, Object> globals, Map<String, Object> own) {
    var out = new LinkedHashMap<>(globals);
    own.forEach((key, value) -> {
      if (value instanceof Map<?, ?> map && out.get(key) instanceof Map<?, ?> base) {
        var both = new LinkedHashMap<Object, Object>(base);
        map.forEach((k, v) -> {
          if (v instanceof Map<?, ?> inner && both.get(k) instanceof Map<?, ?> outer) {
            var deep = new LinkedHashMap<Object, Object>(outer);
            deep.putAll(inner);
            both.put(k, deep);
          } else {
            both.put(k, v);
          }
        });
        out.put(key, both);
      } else {
        out.put(key, value);
      }
    });
    return out;
  }

  private Map<String, Object> section(String name) {
    return Shape.map("template", name, root.getOrDefault(name, Map.of()));
  }

  private static String type(String name, Map<String, Object> resource) {
    var type = Shape.text(name, "Type", resource.getOrDefault("Type", ""));
    if (!type.startsWith("AWS::") || !Honoured.knows(type)) {
      throw Honoured.notHonoured(name, type, "this type of resource");
    }
    return type;
  }

  private Intrinsics.Physical physical(
      String name, Map<String, Object> resource, Intrinsics parameters) {
    var type = type(name, resource);
    var properties =
        Shape.map(
            name, "Properties", Optional.ofNullable(resource.get("Properties")).orElse(Map.of()));
    return switch (type) {
      case Honoured.TABLE -> {
        var table = own(properties, "TableName", parameters, name);
        yield named(type, table, names.arn("dynamodb", "table/" + table));
      }
      case Honoured.QUEUE -> {
        var queue = own(properties, "QueueName", parameters, name);
        yield new Intrinsics.Physical(
            type,
            names.queueUrl(queue),
            Map.of(
                "Arn",
                names.arn("sqs", queue),
                "QueueName",
                queue,
                "QueueUrl",
                names.queueUrl(queue)));
      }
      case Honoured.BUS -> {
        var bus = own(properties, "Name", parameters, name);
        yield named(type, bus, names.arn("events", "event-bus/" + bus));
      }
      case Honoured.BUCKET -> {
        var bucket =
            properties.containsKey("BucketName")
                ? own(properties, "BucketName", parameters, name)
                : LocalNames.bucketName(name);
        yield named(type, bucket, names.bucketArn(bucket));
      }
      case Honoured.ROLE -> {
        var role = own(properties, "RoleName", parameters, name);
        yield named(type, role, names.roleArn(role));
      }
      case Honoured.RULE -> {
        var rule = own(properties, "Name", parameters, name);
        yield named(type, rule, names.arn("events", "rule/" + rule));
      }
      case Honoured.API -> new Intrinsics.Physical(type, names.apiEndpoint(), Map.of());
      case Honoured.FUNCTION -> {
        var function = own(properties, "FunctionName", parameters, name);
        yield named(type, function, names.arn("lambda", "function:" + function));
      }
      default -> new Intrinsics.Physical(type, name, Map.of());
    };
  }

  private static Intrinsics.Physical named(String type, String ref, String arn) {
    return new Intrinsics.Physical(type, ref, Map.of("Arn", arn));
  }

  private static String own(
      Map<String, Object> properties, String property, Intrinsics parameters, String name) {
    return properties.containsKey(property)
        ? Shape.text(name, property, parameters.resolve(properties.get(property), name))
        : name;
  }

  private Map<String, String> parameters(Map<String, String> overrides) {
    var out = new LinkedHashMap<String, String>();
    section("Parameters")
        .forEach((name, value) -> {
          var spec = Shape.map(name, "parameter", value);
          var given = overrides.get(name);
          if (given == null && !spec.containsKey("Default")) {
            throw new PlaneRefused(
                "template", "starting the embedded plane: parameter " + name + " has no value");
          }
          var text = given == null ? Shape.text(name, "Default", spec.get("Default")) : given;
          check(name, spec, text);
          out.put(name, text);
        });
    for (var name : overrides.keySet()) {
      if (!out.containsKey(name)) {
        throw new PlaneRefused(
            "template", "starting the embedded plane: the template has no parameter " + name);
      }
    }
    return out;
  }

  private static void check(String name, Map<String, Object> spec, String value) {
    for (var rule : spec.entrySet()) {
      switch (rule.getKey()) {
        case "Type", "Default", "Description", "ConstraintDescription", "NoEcho" -> {}
        case "AllowedPattern" -> {
          if (!Pattern.matches(String.valueOf(rule.getValue()), value)) {
            throw Shape.wrong(name, "value", "a text like " + rule.getValue());
          }
        }
        case "AllowedValues" -> {
          if (!((List<?>) rule.getValue()).stream().map(String::valueOf).toList().contains(value)) {
            throw Shape.wrong(name, "value", "one of " + rule.getValue());
          }
        }
        case "MinValue" ->
            Shape.number(
                name,
                "value",
                value,
                Integer.parseInt(String.valueOf(rule.getValue())),
                Integer.MAX_VALUE);
        case "MaxValue" ->
            Shape.number(
                name,
                "value",
                value,
                Integer.MIN_VALUE,
                Integer.parseInt(String.valueOf(rule.getValue())));
        default -> throw Honoured.notHonoured(name, "parameter", "the property " + rule.getKey());
      }
    }
  }
}
