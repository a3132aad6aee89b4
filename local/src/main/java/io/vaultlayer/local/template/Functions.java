package io.vaultlayer.local.template;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads functions: handler, variables, routes, queue mappings, permissions. */
final class Functions {
  private static final Set<String> METHODS =
      Set.of("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS");
  private static final Pattern PATH =
      Pattern.compile("/|(/([A-Za-z0-9._~-]+|\\{[A-Za-z][A-Za-z0-9]*}))+");

  private final LocalNames names;
  private final boolean signing;
  private final boolean signedByDefault;
  private final boolean api;

  Functions(LocalNames names, boolean signing, boolean signedByDefault, boolean api) {
    this.names = names;
    this.signing = signing;
    this.signedByDefault = signedByDefault;
    this.api = api;
  }

  Template.Function read(String name, Map<String, Object> p) {
    var routes = new ArrayList<Template.Route>();
    var mappings = new ArrayList<Template.Mapping>();
    Shape.map(name, "Events", p.getOrDefault("Events", Map.of()))
        .forEach((event, value) -> event(name, event, value, routes, mappings));
    return new Template.Function(
        p.containsKey("FunctionName")
            ? Shape.text(name, "FunctionName", p.get("FunctionName"))
            : name,
        Shape.text(name, "Handler", p.getOrDefault("Handler", List.of())),
        Duration.ofSeconds(
            p.containsKey("Timeout") ? Shape.number(name, "Timeout", p.get("Timeout"), 1, 900) : 3),
        p.containsKey("ReservedConcurrentExecutions")
            ? Shape.number(
                name,
                "ReservedConcurrentExecutions",
                p.get("ReservedConcurrentExecutions"),
                1,
                1000)
            : 0,
        environment(name, p),
        routes,
        mappings,
        statements(name, p));
  }

  private static Map<String, String> environment(String name, Map<String, Object> p) {
    var section = Shape.map(name, "Environment", p.getOrDefault("Environment", Map.of()));
    for (var key : section.keySet()) {
      if (!key.equals("Variables")) {
        throw Honoured.notHonoured(name, Honoured.FUNCTION, "Environment." + key);
      }
    }
    var out = new LinkedHashMap<String, String>();
    Shape.map(name, "Environment.Variables", section.getOrDefault("Variables", Map.of()))
        .forEach(
            (key, value) -> out.put(key, Shape.text(name, "Environment.Variables." + key, value)));
    return out;
  }

  private static List<Statement> statements(String name, Map<String, Object> p) {
    var out = new ArrayList<Statement>();
    var value = p.getOrDefault("Policies", List.of());
    for (var one : value instanceof List<?> list ? list : List.of(value)) {
      if (!(one instanceof Map<?, ?> document) || !document.containsKey("Statement")) {
        throw Honoured.notHonoured(
            name, Honoured.FUNCTION, "a policy by name (write its statements out)");
      }
      out.addAll(Policies.read(name, document));
    }
    return out;
  }

  private void event(
      String name,
      String event,
      Object value,
      List<Template.Route> routes,
      List<Template.Mapping> mappings) {
    var map = Shape.map(name, "Events." + event, value);
    var type = String.valueOf(map.get("Type"));
    var p = Shape.map(name, "Events." + event, map.getOrDefault("Properties", Map.of()));
    switch (type) {
      case "HttpApi" -> {
        Honoured.check(name + "." + event, Honoured.HTTP_EVENT, p);
        routes.add(route(name, event, p));
      }
      case "SQS" -> {
        Honoured.check(name + "." + event, Honoured.SQS_EVENT, p);
        mappings.add(mapping(name, event, p));
      }
      default ->
          throw Honoured.notHonoured(
              name + "." + event, Honoured.FUNCTION, "the event type " + type);
    }
  }

  private Template.Route route(String name, String event, Map<String, Object> p) {
    if (!api || (p.containsKey("ApiId") && !names.apiEndpoint().equals(p.get("ApiId")))) {
      throw Honoured.notHonoured(name + "." + event, Honoured.HTTP_EVENT, "ApiId of another API");
    }
    var method = Shape.text(name, event + ".Method", p.getOrDefault("Method", ""));
    if (!METHODS.contains(method)) {
      throw Honoured.notHonoured(name + "." + event, Honoured.HTTP_EVENT, "the Method " + method);
    }
    var path = Shape.text(name, event + ".Path", p.getOrDefault("Path", ""));
    if (!PATH.matcher(path).matches()) {
      throw Honoured.notHonoured(name + "." + event, Honoured.HTTP_EVENT, "the Path " + path);
    }
    boolean signed = signedByDefault;
    if (p.containsKey("Auth")) {
      var auth = Shape.map(name, event + ".Auth", p.get("Auth"));
      if (!auth.keySet().equals(Set.of("Authorizer"))) {
        throw Honoured.notHonoured(
            name + "." + event, Honoured.HTTP_EVENT, "Auth other than Authorizer");
      }
      signed =
          switch (String.valueOf(auth.get("Authorizer"))) {
            case "AWS_IAM" -> true;
            case "NONE" -> false;
            default ->
                throw Honoured.notHonoured(
                    name + "." + event,
                    Honoured.HTTP_EVENT,
                    "the Authorizer " + auth.get("Authorizer"));
          };
    }
    if (signed && !signing) {
      throw Honoured.notHonoured(
          name + "." + event,
          Honoured.HTTP_EVENT,
          "AWS_IAM without EnableIamAuthorizer on the API");
    }
    return new Template.Route(event, method, path, signed);
  }

  private static Template.Mapping mapping(String name, String event, Map<String, Object> p) {
    if (p.containsKey("Enabled") && !Shape.truth(name, event + ".Enabled", p.get("Enabled"))) {
      throw Honoured.notHonoured(name + "." + event, Honoured.SQS_EVENT, "Enabled: false");
    }
    var responses = p.getOrDefault("FunctionResponseTypes", List.of());
    if (!List.of().equals(responses) && !List.of("ReportBatchItemFailures").equals(responses)) {
      throw Honoured.notHonoured(
          name + "." + event, Honoured.SQS_EVENT, "FunctionResponseTypes " + responses);
    }
    return new Template.Mapping(
        event,
        Shape.text(name, event + ".Queue", p.getOrDefault("Queue", List.of())),
        p.containsKey("BatchSize")
            ? Shape.number(name, event + ".BatchSize", p.get("BatchSize"), 1, 10)
            : 10,
        !List.of().equals(responses));
  }
}
