package io.vaultlayer.local.template;

import io.vaultlayer.local.PlaneRefused;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The one table of what the embedded plane honours of a template and what it knowingly ignores.
 * Whatever stands in neither column stops the start: a property that silently did nothing would be
 * a difference between this machine and AWS that nobody decided on.
 */
public final class Honoured {
  static final String TABLE = "AWS::DynamoDB::Table";
  static final String BUCKET = "AWS::S3::Bucket";
  static final String BUCKET_POLICY = "AWS::S3::BucketPolicy";
  static final String ROLE = "AWS::IAM::Role";
  static final String BUS = "AWS::Events::EventBus";
  static final String RULE = "AWS::Events::Rule";
  static final String QUEUE = "AWS::SQS::Queue";
  static final String QUEUE_POLICY = "AWS::SQS::QueuePolicy";
  static final String API = "AWS::Serverless::HttpApi";
  static final String FUNCTION = "AWS::Serverless::Function";
  static final String HTTP_EVENT = FUNCTION + "/Events/HttpApi";
  static final String SQS_EVENT = FUNCTION + "/Events/SQS";
  static final String LOG_GROUP = "AWS::Logs::LogGroup";
  static final String STATEMENT = "policy statement";
  static final String TARGET = RULE + "/Targets";

  /**
   * One decision.
   *
   * @param ignoredBecause empty: honoured
   */
  public record Row(String type, String property, Optional<String> ignoredBecause) {}

  private static final String NO_CLOUD_DISK =
      "the files lie on this machine's disk, under its owner's permissions";
  private static final String NO_STACK = "there is no stack: nothing is deleted or replaced here";
  private static final String ONE_PROCESS =
      "all functions share this one process, its Java and its memory";

  private static final List<Row> ROWS =
      Stream.of(
              honoured("template", "Parameters", "Conditions", "Globals", "Resources"),
              ignored(
                  "template",
                  "the format's own marks",
                  "AWSTemplateFormatVersion",
                  "Transform",
                  "Description",
                  "Metadata"),
              ignored(
                  "template",
                  "nobody reads a stack's outputs here; vl local status says them",
                  "Outputs"),
              honoured("resource", "Type", "Properties", "Condition"),
              ignored(
                  "resource",
                  NO_STACK,
                  "DeletionPolicy",
                  "UpdateReplacePolicy",
                  "DependsOn",
                  "Metadata"),
              honoured("Globals", "Function"),
              honoured(
                  TABLE,
                  "TableName",
                  "AttributeDefinitions",
                  "KeySchema",
                  "GlobalSecondaryIndexes",
                  "TimeToLiveSpecification"),
              ignored(TABLE, "capacity is this machine's", "BillingMode"),
              ignored(
                  TABLE,
                  NO_CLOUD_DISK,
                  "SSESpecification",
                  "PointInTimeRecoverySpecification",
                  "DeletionProtectionEnabled"),
              honoured(TABLE + "/GlobalSecondaryIndexes", "IndexName", "KeySchema", "Projection"),
              honoured(BUCKET, "BucketName"),
              ignored(BUCKET, NO_CLOUD_DISK, "BucketEncryption"),
              ignored(
                  BUCKET,
                  "there are no public requests: every one is signed",
                  "PublicAccessBlockConfiguration",
                  "OwnershipControls"),
              ignored(
                  BUCKET,
                  "abandoned uploads are removed when the plane starts",
                  "LifecycleConfiguration"),
              honoured(BUCKET_POLICY, "Bucket", "PolicyDocument"),
              honoured(ROLE, "RoleName", "Policies", "AssumeRolePolicyDocument"),
              ignored(ROLE, "an attempt's credentials last 15 to 60 minutes", "MaxSessionDuration"),
              ignored(ROLE, "a text for people", "Description"),
              honoured(BUS, "Name"),
              honoured(
                  RULE,
                  "Name",
                  "EventBusName",
                  "EventPattern",
                  "ScheduleExpression",
                  "State",
                  "Targets"),
              ignored(RULE, "a text for people", "Description"),
              honoured(TARGET, "Id", "Arn", "Input"),
              honoured(
                  QUEUE,
                  "QueueName",
                  "VisibilityTimeout",
                  "DelaySeconds",
                  "MessageRetentionPeriod",
                  "RedrivePolicy"),
              ignored(QUEUE, "messages stay in this process's memory", "SqsManagedSseEnabled"),
              honoured(QUEUE_POLICY, "Queues", "PolicyDocument"),
              ignored(
                  LOG_GROUP,
                  "all functions write to the plane's own log, which is kept small",
                  "LogGroupName",
                  "LogGroupClass",
                  "RetentionInDays"),
              honoured(API, "Auth"),
              ignored(API, "a text for people", "Description", "Name"),
              honoured(API + "/Auth", "EnableIamAuthorizer", "DefaultAuthorizer"),
              honoured(
                  FUNCTION,
                  "FunctionName",
                  "Handler",
                  "Timeout",
                  "Environment",
                  "Events",
                  "Policies",
                  "ReservedConcurrentExecutions"),
              ignored(
                  FUNCTION,
                  ONE_PROCESS,
                  "Runtime",
                  "Architectures",
                  "MemorySize",
                  "CodeUri",
                  "SnapStart",
                  "AutoPublishAlias",
                  "PackageType",
                  "Tracing",
                  "LoggingConfig"),
              ignored(FUNCTION, "a text for people", "Description"),
              honoured(HTTP_EVENT, "ApiId", "Method", "Path", "Auth"),
              ignored(
                  HTTP_EVENT,
                  "version 2.0 is the only one that HTTP APIs of this template use",
                  "PayloadFormatVersion"),
              honoured(SQS_EVENT, "Queue", "BatchSize", "Enabled", "FunctionResponseTypes"),
              ignored(
                  SQS_EVENT,
                  "a batch is delivered as soon as one message is there",
                  "MaximumBatchingWindowInSeconds"),
              honoured(STATEMENT, "Sid", "Effect", "Principal", "Action", "Resource", "Condition"))
          .flatMap(List::stream)
          .toList();

  private static final Map<String, Map<String, Row>> BY_TYPE = index();

  private Honoured() {}

  /** Every decision, for the documentation and its test. */
  public static List<Row> rows() {
    return ROWS;
  }

  static boolean knows(String type) {
    return BY_TYPE.containsKey(type);
  }

  /**
   * Stops when a property stands in neither column.
   *
   * @param name the resource's name in the template
   */
  static void check(String name, String type, Map<String, ?> properties) {
    var known = BY_TYPE.getOrDefault(type, Map.of());
    for (var property : properties.keySet()) {
      if (!known.containsKey(property)) {
        throw notHonoured(name, type, "the property " + property);
      }
    }
  }

  static PlaneRefused notHonoured(String name, String type, String what) {
    return new PlaneRefused(
        "template_not_honoured",
        "starting the embedded plane: resource "
            + name
            + " ("
            + type
            + "): "
            + what
            + " is not honoured here; remove it, or teach the plane (docs/embedded-plane.md)");
  }

  private static List<Row> honoured(String type, String... properties) {
    return Stream.of(properties).map(p -> new Row(type, p, Optional.empty())).toList();
  }

  private static List<Row> ignored(String type, String because, String... properties) {
    return Stream.of(properties).map(p -> new Row(type, p, Optional.of(because))).toList();
  }

  private static Map<String, Map<String, Row>> index() {
    var map = new TreeMap<String, Map<String, Row>>();
    var twice = new ArrayList<String>();
    for (var row : ROWS) {
      if (map.computeIfAbsent(row.type(), t -> new TreeMap<>()).put(row.property(), row) != null) {
        twice.add(row.type() + "." + row.property());
      }
    }
    if (!twice.isEmpty()) {
      throw new IllegalStateException("decided twice: " + twice);
    }
    return map;
  }
}
