package io.vaultlayer.local.plane;

import io.vaultlayer.local.template.Statement;
import io.vaultlayer.local.template.Template;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.UnaryOperator;

/** One line taken out of a parsed template. */
record Removal(String name, UnaryOperator<Template> change) {
  @Override
  public String toString() {
    return name;
  }

  /** Every route, rule, schedule, queue mapping, variable and IAM statement, one by one. */
  static List<Removal> all(Template template) {
    var out = new ArrayList<Removal>();
    for (var function : template.functions()) {
      for (var route : function.routes()) {
        out.add(
            function(
                "route " + route.method() + " " + route.path(),
                function.name(),
                f ->
                    new Template.Function(
                        f.name(),
                        f.handler(),
                        f.timeout(),
                        f.concurrency(),
                        f.environment(),
                        without(f.routes(), route),
                        f.mappings(),
                        f.statements())));
      }
      for (var mapping : function.mappings()) {
        out.add(
            function(
                "queue mapping of " + function.name(),
                function.name(),
                f ->
                    new Template.Function(
                        f.name(),
                        f.handler(),
                        f.timeout(),
                        f.concurrency(),
                        f.environment(),
                        f.routes(),
                        without(f.mappings(), mapping),
                        f.statements())));
      }
      for (var variable : function.environment().keySet()) {
        out.add(
            function(
                "variable " + variable + " of " + function.name(),
                function.name(),
                f -> {
                  var left = new LinkedHashMap<>(f.environment());
                  left.remove(variable);
                  return new Template.Function(
                      f.name(),
                      f.handler(),
                      f.timeout(),
                      f.concurrency(),
                      left,
                      f.routes(),
                      f.mappings(),
                      f.statements());
                }));
      }
      for (var statement : function.statements()) {
        out.add(
            function(
                "statement "
                    + statement.actions()
                    + " on "
                    + statement.resources()
                    + " of "
                    + function.name(),
                function.name(),
                f ->
                    new Template.Function(
                        f.name(),
                        f.handler(),
                        f.timeout(),
                        f.concurrency(),
                        f.environment(),
                        f.routes(),
                        f.mappings(),
                        without(f.statements(), statement))));
      }
    }
    for (var rule : template.rules()) {
      out.add(
          new Removal(
              (rule.schedule().isPresent() ? "schedule " : "rule ") + rule.name(),
              t -> with(t, t.functions(), without(t.rules(), rule), t.roles())));
    }
    for (var role : template.roles()) {
      for (var statement : role.statements()) {
        out.add(
            new Removal(
                "statement " + statement.actions() + " of " + role.name(),
                t ->
                    with(
                        t,
                        t.functions(),
                        t.rules(),
                        t.roles().stream()
                            .map(r -> r.equals(role) ? role(r, statement) : r)
                            .toList())));
      }
    }
    policies(template, out);
    return out;
  }

  /** What roles, queues and buckets say themselves about who may use them. */
  private static void policies(Template template, List<Removal> out) {
    for (var role : template.roles()) {
      for (var statement : role.trust()) {
        out.add(
            new Removal(
                "trust " + statement.actions() + " of " + role.name(),
                t ->
                    with(
                        t,
                        t.functions(),
                        t.rules(),
                        t.roles().stream().map(Removal::untrusting).toList())));
      }
    }
    for (var queue : template.queues()) {
      if (!queue.policy().isEmpty()) {
        out.add(
            new Removal(
                "policy of " + queue.name(),
                t ->
                    new Template(
                        t.tables(),
                        t.queues().stream()
                            .map(q -> q.name().equals(queue.name()) ? closed(q) : q)
                            .toList(),
                        t.buses(),
                        t.rules(),
                        t.buckets(),
                        t.roles(),
                        t.functions(),
                        t.apis())));
      }
    }
    for (var bucket : template.buckets()) {
      for (var statement : bucket.policy()) {
        // Loopback always counts as secure transport: that statement denies nothing here.
        if (!statement.conditions().containsKey("Null")) {
          continue;
        }
        out.add(
            new Removal(
                "statement " + statement.id() + " of " + bucket.name(),
                t ->
                    new Template(
                        t.tables(),
                        t.queues(),
                        t.buses(),
                        t.rules(),
                        List.of(
                            new Template.Bucket(
                                bucket.name(), bucket.arn(), without(bucket.policy(), statement))),
                        t.roles(),
                        t.functions(),
                        t.apis())));
      }
    }
  }

  private static Template.Role untrusting(Template.Role r) {
    return new Template.Role(r.name(), r.arn(), List.of(), r.statements());
  }

  private static Template.Queue closed(Template.Queue q) {
    return new Template.Queue(
        q.name(),
        q.arn(),
        q.url(),
        q.visibility(),
        q.delay(),
        q.retention(),
        q.deadLetters(),
        q.maxReceives(),
        List.of());
  }

  private static Template.Role role(Template.Role r, Statement removed) {
    return new Template.Role(r.name(), r.arn(), r.trust(), without(r.statements(), removed));
  }

  private static Removal function(
      String name, String function, UnaryOperator<Template.Function> change) {
    return new Removal(
        name,
        t ->
            with(
                t,
                t.functions().stream()
                    .map(f -> f.name().equals(function) ? change.apply(f) : f)
                    .toList(),
                t.rules(),
                t.roles()));
  }

  private static Template with(
      Template t,
      List<Template.Function> functions,
      List<Template.Rule> rules,
      List<Template.Role> roles) {
    return new Template(
        t.tables(), t.queues(), t.buses(), rules, t.buckets(), roles, functions, t.apis());
  }

  private static <T> List<T> without(List<T> list, T removed) {
    return list.stream().filter(one -> !one.equals(removed)).toList();
  }
}
