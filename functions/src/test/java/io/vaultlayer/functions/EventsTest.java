package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.functions.state.JobMessage;
import io.vaultlayer.testkit.fake.MemoryBus;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the handlers publish is what {@code events/} describes, and every sample fits its schema.
 */
class EventsTest {
  private static final Path EVENTS = Path.of("..", "events");
  private static final List<String> CONTRACT =
      List.of(
          "JobSubmitted",
          "ProvisionRequested",
          "AttemptStarted",
          "CheckpointCommitted",
          "AttemptFenced",
          "ResumeRequested",
          "JobSucceeded",
          "JobFailed",
          "JobCancelled",
          "JobStopped",
          "RetrainRequested");

  @Test
  void everyDetailTypeOfTheContractHasASchemaAndASample() {
    for (var name : CONTRACT) {
      assertThat(problems(read(name + ".schema.json"), read(name + ".sample.json"), name))
          .isEmpty();
    }
  }

  @Test
  void queueMessagesFitTheirSchemas() {
    for (var name : List.of("Tick", "Reap")) {
      var body =
          Json.tree(read(name + ".sample.json").path("Records").get(0).path("body").asText());
      assertThat(problems(read(name + ".schema.json"), body, name)).isEmpty();
    }
  }

  @Test
  void everythingThatIsPublishedFitsItsSchema() {
    var published = new ArrayList<MemoryBus.Published>();
    var world = new World();
    world.watchBus(published::add);
    var job = world.submit(Map.of());
    var agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    agent.beat("running", 1L);
    agent.commit(5);
    world.pass(Duration.ofSeconds(6));
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    world.call("POST /v1/jobs/{id}/cancel", Map.of("id", job), Map.of(), "");
    world.deliver();
    var other = world.submit(Map.of());
    FakeAgent.ofLastLaunch(world).register();
    world.call("POST /v1/jobs/{id}/cancel", Map.of("id", other), Map.of(), "");
    world.deliver();
    var names = new TreeSet<String>();
    for (var event : published) {
      names.add(event.detailType());
      var envelope =
          Json.tree(
              "{\"source\":\"vaultlayer\",\"detail-type\":\""
                  + event.detailType()
                  + "\",\"detail\":"
                  + event.detailJson()
                  + "}");
      assertThat(problems(read(event.detailType() + ".schema.json"), envelope, event.detailType()))
          .isEmpty();
    }
    assertThat(names)
        .contains(
            "JobSubmitted",
            "ProvisionRequested",
            "AttemptStarted",
            "CheckpointCommitted",
            "AttemptFenced",
            "ResumeRequested",
            "JobCancelled");
  }

  @Test
  void aSampleEventNamesItsJob() {
    assertThat(JobMessage.job(read("ResumeRequested.sample.json").toString())).isPresent();
    assertThat(JobMessage.job("not json")).isEmpty();
    assertThat(JobMessage.job("{\"job\":\"../../etc\"}")).isEmpty();
  }

  @Test
  void theCheckOfSchemasCanFail() {
    var sample =
        Json.tree(
            "{\"source\":\"other\",\"detail-type\":\"JobFailed\",\"detail\":{\"job\":\"x\",\"epoch\":0,\"extra\":1}}");
    assertThat(problems(read("JobFailed.schema.json"), sample, "JobFailed")).hasSizeGreaterThan(4);
  }

  private static JsonNode read(String name) {
    try {
      return Json.tree(Files.readString(EVENTS.resolve(name)));
    } catch (IOException e) {
      throw new AssertionError("events/ lacks " + name, e);
    }
  }

  /** The part of JSON Schema that these schemas use; an unknown keyword is a problem too. */
  private static List<String> problems(JsonNode schema, JsonNode value, String at) {
    var out = new ArrayList<String>();
    for (var entry : schema.properties()) {
      var rule = entry.getValue();
      switch (entry.getKey()) {
        case "$schema", "title", "description", "properties", "additionalProperties" -> {}
        case "type" -> check(out, at, isType(rule.asText(), value), "is no " + rule.asText());
        case "required" ->
            rule.forEach(n -> check(out, at, value.has(n.asText()), "lacks " + n.asText()));
        case "const" -> check(out, at, rule.equals(value), "is not " + rule);
        case "enum" -> check(out, at, contains(rule, value), "is none of " + rule);
        case "pattern" ->
            check(
                out,
                at,
                Pattern.compile(rule.asText()).matcher(value.asText()).find(),
                "does not match");
        case "minimum" -> check(out, at, value.asLong() >= rule.asLong(), "is below " + rule);
        default -> out.add(at + ": unknown keyword " + entry.getKey());
      }
    }
    for (var entry : value.properties()) {
      var inner = schema.path("properties").path(entry.getKey());
      if (!inner.isMissingNode()) {
        out.addAll(problems(inner, entry.getValue(), at + "." + entry.getKey()));
      } else if (schema.has("additionalProperties")
          && !schema.path("additionalProperties").asBoolean()) {
        out.add(at + ": has the unknown field " + entry.getKey());
      }
    }
    return out;
  }

  private static void check(List<String> out, String at, boolean holds, String problem) {
    if (!holds) {
      out.add(at + " " + problem);
    }
  }

  private static boolean isType(String type, JsonNode value) {
    return switch (type) {
      case "object" -> value.isObject();
      case "string" -> value.isTextual();
      case "integer" -> value.isIntegralNumber();
      default -> false;
    };
  }

  private static boolean contains(JsonNode list, JsonNode value) {
    for (var one : list) {
      if (one.equals(value)) {
        return true;
      }
    }
    return false;
  }
}
