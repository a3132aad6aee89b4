package io.vaultlayer.local.http;

import io.vaultlayer.local.template.Template;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Finds the template's route of a request. A route without variables wins over one with. */
final class Routes {
  private final List<Entry> entries = new ArrayList<>();

  private record Entry(Template.Function function, Template.Route route, List<String> segments) {}

  /**
   * @param variables decoded path parameters
   */
  record Match(Template.Function function, Template.Route route, Map<String, String> variables) {}

  Routes(List<Template.Function> functions) {
    for (var function : functions) {
      for (var route : function.routes()) {
        entries.add(new Entry(function, route, segments(route.path())));
      }
    }
    entries.sort(
        java.util.Comparator.comparing(
            e -> e.segments().stream().filter(s -> s.startsWith("{")).count()));
  }

  /**
   * @param path raw, still percent-encoded. @throws IllegalArgumentException when it is not so
   */
  Optional<Match> find(String method, String path) {
    var given = segments(path);
    for (var entry : entries) {
      if (entry.route().method().equals(method)) {
        var variables = fit(entry.segments(), given);
        if (variables.isPresent()) {
          return Optional.of(new Match(entry.function(), entry.route(), variables.get()));
        }
      }
    }
    return Optional.empty();
  }

  /** Methods with which the path has a route. */
  TreeSet<String> methods(String path) {
    var given = segments(path);
    var methods = new TreeSet<String>();
    for (var entry : entries) {
      if (fit(entry.segments(), given).isPresent()) {
        methods.add(entry.route().method());
      }
    }
    return methods;
  }

  private static Optional<Map<String, String>> fit(List<String> pattern, List<String> given) {
    if (pattern.size() != given.size()) {
      return Optional.empty();
    }
    var variables = new LinkedHashMap<String, String>();
    for (int i = 0; i < pattern.size(); i++) {
      var wanted = pattern.get(i);
      if (wanted.startsWith("{")) {
        if (given.get(i).isEmpty()) {
          return Optional.empty();
        }
        variables.put(wanted.substring(1, wanted.length() - 1), decode(given.get(i)));
      } else if (!wanted.equals(given.get(i))) {
        return Optional.empty();
      }
    }
    return Optional.of(variables);
  }

  private static List<String> segments(String path) {
    return List.of(path.substring(1).split("/", -1));
  }

  /** Percent decoding alone: in a path a plus is a plus. */
  static String decode(String segment) {
    return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
