package io.vaultlayer.local.template;

import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Collects resolved resources, one method for each type, into a {@link Template}. */
final class Resources {
  private final LocalNames names;
  private final List<Template.Table> tables = new ArrayList<>();
  private final List<Template.Queue> queues = new ArrayList<>();
  private final List<Template.Bus> buses = new ArrayList<>();
  private final List<Template.Rule> rules = new ArrayList<>();
  private final List<Template.Bucket> buckets = new ArrayList<>();
  private final List<Template.Role> roles = new ArrayList<>();
  private final List<Template.Api> apis = new ArrayList<>();
  private final Map<String, Map<String, Object>> functions = new java.util.LinkedHashMap<>();
  private final Map<String, List<Statement>> queuePolicies = new HashMap<>();
  private final Map<String, List<Statement>> bucketPolicies = new HashMap<>();
  private boolean signing;
  private boolean signedByDefault;

  Resources(LocalNames names) {
    this.names = names;
  }

  void add(String name, String type, Map<String, Object> p) {
    switch (type) {
      case Honoured.TABLE -> tables.add(table(name, p));
      case Honoured.QUEUE -> queues.add(queue(name, p));
      case Honoured.QUEUE_POLICY ->
          Shape.list(name, "Queues", p.get("Queues"))
              .forEach(url ->
                  queuePolicies
                      .computeIfAbsent(String.valueOf(url), u -> new ArrayList<>())
                      .addAll(Policies.read(name, p.get("PolicyDocument"))));
      case Honoured.BUCKET -> {
        var bucket = text(name, p, "BucketName", LocalNames.bucketName(name));
        buckets.add(new Template.Bucket(bucket, names.bucketArn(bucket), List.of()));
      }
      case Honoured.BUCKET_POLICY ->
          bucketPolicies
              .computeIfAbsent(Shape.text(name, "Bucket", p.get("Bucket")), b -> new ArrayList<>())
              .addAll(Policies.read(name, p.get("PolicyDocument")));
      case Honoured.ROLE -> roles.add(role(name, p));
      case Honoured.BUS -> {
        var bus = text(name, p, "Name", name);
        buses.add(new Template.Bus(bus, names.arn("events", "event-bus/" + bus)));
      }
      case Honoured.RULE -> rules.add(rule(name, p));
      case Honoured.API -> api(name, p);
      case Honoured.FUNCTION -> functions.put(name, p);
      case Honoured.LOG_GROUP -> {
        // Nothing to make: the plane has one log.
      }
      default -> throw Honoured.notHonoured(name, type, "this type of resource");
    }
  }

  Template template() {
    var reader = new Functions(names, signing, signedByDefault, !apis.isEmpty());
    var template =
        new Template(
            tables,
            queues.stream().map(this::withPolicy).toList(),
            buses,
            rules,
            buckets.stream()
                .map(b ->
                    new Template.Bucket(
                        b.name(), b.arn(), bucketPolicies.getOrDefault(b.name(), List.of())))
                .toList(),
            roles,
            functions.entrySet().stream().map(f -> reader.read(f.getKey(), f.getValue())).toList(),
            apis);
    References.check(template);
    return template;
  }

  private Template.Queue withPolicy(Template.Queue q) {
    return new Template.Queue(
        q.name(),
        q.arn(),
        q.url(),
        q.visibility(),
        q.delay(),
        q.retention(),
        q.deadLetters(),
        q.maxReceives(),
        queuePolicies.getOrDefault(q.url(), List.of()));
  }

  private Template.Table table(String name, Map<String, Object> p) {
    for (var one :
        Shape.list(
            name, "AttributeDefinitions", p.getOrDefault("AttributeDefinitions", List.of()))) {
      if (!"S".equals(Shape.map(name, "AttributeDefinitions", one).get("AttributeType"))) {
        throw Honoured.notHonoured(name, Honoured.TABLE, "a key that is no text");
      }
    }
    keys(name, "KeySchema", p.get("KeySchema"), "pk", "sk");
    boolean due = false;
    for (var one :
        Shape.list(
            name, "GlobalSecondaryIndexes", p.getOrDefault("GlobalSecondaryIndexes", List.of()))) {
      var index = Shape.map(name, "GlobalSecondaryIndexes", one);
      Honoured.check(name, Honoured.TABLE + "/GlobalSecondaryIndexes", index);
      if (!"due".equals(index.get("IndexName"))
          || !Map.of("ProjectionType", "ALL").equals(index.get("Projection"))) {
        throw Honoured.notHonoured(
            name, Honoured.TABLE, "an index other than due with all attributes");
      }
      keys(
          name,
          "GlobalSecondaryIndexes.due.KeySchema",
          index.get("KeySchema"),
          "duePartition",
          "dueAt");
      due = true;
    }
    boolean expiry = false;
    if (p.containsKey("TimeToLiveSpecification")) {
      var ttl = Shape.map(name, "TimeToLiveSpecification", p.get("TimeToLiveSpecification"));
      if (!"expiresAt".equals(ttl.get("AttributeName"))) {
        throw Honoured.notHonoured(
            name, Honoured.TABLE, "expiry by an attribute other than expiresAt");
      }
      expiry =
          Shape.truth(
              name, "TimeToLiveSpecification.Enabled", ttl.getOrDefault("Enabled", "false"));
    }
    var table = text(name, p, "TableName", name);
    return new Template.Table(table, names.arn("dynamodb", "table/" + table), due, expiry);
  }

  private static void keys(String name, String property, Object value, String hash, String range) {
    var wanted =
        List.of(
            Map.of("AttributeName", hash, "KeyType", "HASH"),
            Map.of("AttributeName", range, "KeyType", "RANGE"));
    if (!wanted.equals(value)) {
      throw Honoured.notHonoured(
          name, Honoured.TABLE, property + " other than " + hash + ", " + range);
    }
  }

  private Template.Queue queue(String name, Map<String, Object> p) {
    var queue = text(name, p, "QueueName", name);
    Optional<String> deadLetters = Optional.empty();
    int maxReceives = 0;
    if (p.containsKey("RedrivePolicy")) {
      var redrive = Shape.map(name, "RedrivePolicy", p.get("RedrivePolicy"));
      for (var key : redrive.keySet()) {
        if (!key.equals("deadLetterTargetArn") && !key.equals("maxReceiveCount")) {
          throw Honoured.notHonoured(name, Honoured.QUEUE, "RedrivePolicy." + key);
        }
      }
      var arn =
          Shape.text(name, "RedrivePolicy.deadLetterTargetArn", redrive.get("deadLetterTargetArn"));
      deadLetters = Optional.of(arn.substring(arn.lastIndexOf(':') + 1));
      maxReceives =
          Shape.number(
              name, "RedrivePolicy.maxReceiveCount", redrive.get("maxReceiveCount"), 1, 1000);
    }
    return new Template.Queue(
        queue,
        names.arn("sqs", queue),
        names.queueUrl(queue),
        seconds(name, p, "VisibilityTimeout", 30, 0, 43200),
        seconds(name, p, "DelaySeconds", 0, 0, 900),
        seconds(name, p, "MessageRetentionPeriod", 345600, 60, 1209600),
        deadLetters,
        maxReceives,
        List.of());
  }

  private Template.Role role(String name, Map<String, Object> p) {
    var statements = new ArrayList<Statement>();
    for (var one : Shape.list(name, "Policies", p.getOrDefault("Policies", List.of()))) {
      var policy = Shape.map(name, "Policies", one);
      for (var key : policy.keySet()) {
        if (!key.equals("PolicyName") && !key.equals("PolicyDocument")) {
          throw Honoured.notHonoured(name, Honoured.ROLE, "Policies." + key);
        }
      }
      statements.addAll(Policies.read(name, policy.get("PolicyDocument")));
    }
    var role = text(name, p, "RoleName", name);
    return new Template.Role(
        role,
        names.roleArn(role),
        Policies.readTrust(name, p.get("AssumeRolePolicyDocument")),
        statements);
  }

  private Template.Rule rule(String name, Map<String, Object> p) {
    if (p.containsKey("EventPattern") == p.containsKey("ScheduleExpression")) {
      throw Shape.wrong(name, "rule", "either an EventPattern or a ScheduleExpression");
    }
    if (!"ENABLED".equals(p.getOrDefault("State", "ENABLED"))) {
      throw Honoured.notHonoured(name, Honoured.RULE, "State other than ENABLED");
    }
    var targets = new ArrayList<Template.Target>();
    for (var one : Shape.list(name, "Targets", p.getOrDefault("Targets", List.of()))) {
      var target = Shape.map(name, "Targets", one);
      Honoured.check(name, Honoured.TARGET, target);
      targets.add(
          new Template.Target(
              Shape.text(name, "Targets.Id", target.get("Id")),
              Shape.text(name, "Targets.Arn", target.get("Arn")),
              Optional.ofNullable(target.get("Input"))
                  .map(input -> Shape.text(name, "Targets.Input", input))));
    }
    return new Template.Rule(
        text(name, p, "Name", name),
        text(name, p, "EventBusName", "default"),
        Optional.ofNullable(p.get("EventPattern")).map(Json::render),
        Optional.ofNullable(p.get("ScheduleExpression"))
            .map(s -> Shape.text(name, "ScheduleExpression", s)),
        targets);
  }

  private void api(String name, Map<String, Object> p) {
    if (!apis.isEmpty()) {
      throw Honoured.notHonoured(name, Honoured.API, "a second HTTP API");
    }
    var auth = Shape.map(name, "Auth", p.getOrDefault("Auth", Map.of()));
    Honoured.check(name, Honoured.API + "/Auth", auth);
    signing =
        Shape.truth(
            name, "Auth.EnableIamAuthorizer", auth.getOrDefault("EnableIamAuthorizer", "false"));
    if (auth.containsKey("DefaultAuthorizer")) {
      if (!"AWS_IAM".equals(auth.get("DefaultAuthorizer"))) {
        throw Honoured.notHonoured(name, Honoured.API, "an authorizer other than AWS_IAM");
      }
      signedByDefault = true;
    }
    apis.add(new Template.Api(name));
  }

  private static Duration seconds(
      String name, Map<String, Object> p, String property, int otherwise, int least, int most) {
    return Duration.ofSeconds(
        p.containsKey(property)
            ? Shape.number(name, property, p.get(property), least, most)
            : otherwise);
  }

  private static String text(
      String name, Map<String, Object> p, String property, String otherwise) {
    return p.containsKey(property) ? Shape.text(name, property, p.get(property)) : otherwise;
  }
}
