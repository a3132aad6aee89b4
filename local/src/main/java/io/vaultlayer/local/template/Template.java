package io.vaultlayer.local.template;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the plane runs, read from template.yaml with every reference resolved. */
public record Template(
    List<Table> tables,
    List<Queue> queues,
    List<Bus> buses,
    List<Rule> rules,
    List<Bucket> buckets,
    List<Role> roles,
    List<Function> functions,
    List<Api> apis) {
  public Template {
    tables = List.copyOf(tables);
    queues = List.copyOf(queues);
    buses = List.copyOf(buses);
    rules = List.copyOf(rules);
    buckets = List.copyOf(buckets);
    roles = List.copyOf(roles);
    functions = List.copyOf(functions);
    apis = List.copyOf(apis);
  }

  /**
   * A table with the keys {@code pk} and {@code sk}.
   *
   * @param due whether it has the sparse index {@code due}
   * @param expiry whether rows with an {@code expiresAt} in the past are deleted
   */
  public record Table(String name, String arn, boolean due, boolean expiry) {}

  /**
   * @param retention older messages are dropped undelivered
   * @param deadLetters name of the queue that takes what was received {@code maxReceives} times
   * @param policy who may send; empty: nobody but functions with their own permission
   */
  public record Queue(
      String name,
      String arn,
      String url,
      Duration visibility,
      Duration delay,
      Duration retention,
      Optional<String> deadLetters,
      int maxReceives,
      List<Statement> policy) {}

  public record Bus(String name, String arn) {}

  /**
   * @param bus name of the bus whose events it looks at; {@code default} for schedules
   * @param pattern JSON event pattern; exactly one of pattern and schedule is present
   * @param schedule a {@code rate(..)} or {@code cron(..)} expression
   */
  public record Rule(
      String name,
      String bus,
      Optional<String> pattern,
      Optional<String> schedule,
      List<Target> targets) {}

  /** {@code input} replaces the event as the message's body. */
  public record Target(String id, String queueArn, Optional<String> input) {}

  /** {@code policy}: the bucket policy's statements. */
  public record Bucket(String name, String arn, List<Statement> policy) {}

  /**
   * @param trust who may have credentials made from it
   * @param statements what those may do at most
   */
  public record Role(String name, String arn, List<Statement> trust, List<Statement> statements) {}

  /**
   * @param handler class name
   * @param concurrency most invocations at a time; 0: the plane's own bound only
   */
  public record Function(
      String name,
      String handler,
      Duration timeout,
      int concurrency,
      Map<String, String> environment,
      List<Route> routes,
      List<Mapping> mappings,
      List<Statement> statements) {}

  /** {@code signed}: the caller must prove who it is (on AWS by signature, here by local token). */
  public record Route(String event, String method, String path, boolean signed) {}

  /** {@code partial}: the function's answer names the messages of the batch that failed. */
  public record Mapping(String event, String queueArn, int batchSize, boolean partial) {}

  public record Api(String name) {}
}
