package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.functions.state.JobMessage;
import io.vaultlayer.testkit.fake.MemoryBus;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
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
      assertThat(
              problems(
                  read(event.detailType() + ".schema.json"), envelope(event), event.detailType()))
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

  /** Reminders of the sweep are no decision's: they come again and again while work is due. */
  private static final List<String> REMINDED = List.of("ProvisionRequested", "ResumeRequested");

  @Test
  void everyLifecycleEventFollowsFromOneWrittenDecision() {
    var world = new World();
    var published = new TreeMap<String, List<String>>();
    var seen = new TreeSet<String>();
    world.watchBus(event -> {
      seen.add(event.detailType());
      assertThat(
              problems(
                  read(event.detailType() + ".schema.json"), envelope(event), event.detailType()))
          .isEmpty();
      if (!REMINDED.contains(event.detailType())) {
        published
            .computeIfAbsent(
                Json.tree(event.detailJson()).path("job").asText(), job -> new ArrayList<>())
            .add(event.detailType());
      }
    });
    var jobs = everyWayToEnd(world);
    for (var job : jobs) {
      var decided =
          world
              .call("GET /v1/jobs/{id}/explain", Map.of("id", job), Map.of(), "")
              .as(Lists.Decisions.class)
              .decisions()
              .stream()
              .flatMap(d -> d.effects().stream())
              .filter(e -> e.startsWith("announce "))
              .map(e -> e.substring("announce ".length()))
              .filter(e -> !REMINDED.contains(e))
              .toList();
      assertThat(published.get(job)).as(job).isEqualTo(decided);
    }
    assertThat(seen)
        .as("retraining announces nothing yet")
        .containsExactlyInAnyOrderElementsOf(
            CONTRACT.stream().filter(n -> !n.equals("RetrainRequested")).toList());
  }

  @Test
  void aDecisionWhoseWriteGaveNoAnswerIsAnnouncedAllTheSame() {
    var world = new World();
    var job = world.submit(Map.of());
    var agent = started(world);
    var lost = new AtomicInteger();
    world.afterWrite =
        rows -> {
          if (rows.getFirst().key().partition().equals(job)
              && !rows.getFirst().table().equals("jobs")
              && lost.getAndIncrement() == 0) {
            throw new StoreUnavailable("the answer is lost", null);
          }
        };
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.deliver();
    assertThat(lost.get()).isPositive();
    assertThat(world.announced).containsOnlyOnce("JobSucceeded");
    assertThat(world.log).filteredOn(l -> l.contains("\"edge\":\"SUCCEEDED\"")).hasSize(1);
  }

  /** Succeeded after a loss and a restart in place, failed, cancelled, resumed, stopped. */
  private static List<String> everyWayToEnd(World world) {
    var jobs = new ArrayList<String>();
    jobs.add(world.submit(Map.of()));
    var agent = started(world);
    agent.commit(5);
    agent.commit(5);
    world.pass(Duration.ofSeconds(6));
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    agent = started(world);
    agent.next("vla_next");
    agent.beat("running", 6L);
    agent.succeed();
    agent.succeed();
    jobs.add(world.submit(Map.of()));
    started(world).exit("failed", Map.of("exitCode", 3));
    jobs.add(world.submit(Map.of()));
    started(world);
    world.call("POST /v1/jobs/{id}/cancel", Map.of("id", jobs.getLast()), Map.of(), "");
    world.deliver();
    world.call(
        "POST /v1/jobs/{id}/resume", Map.of("id", jobs.getLast()), Map.of(), Map.of("epoch", 1));
    world.deliver();
    started(world).exit("lost", Map.of());
    world.deliver();
    var deadline = world.clock.instant().plusSeconds(60).toString();
    jobs.add(world.submit(Map.of("deadline", deadline)));
    world.pass(Duration.ofMinutes(3));
    return jobs;
  }

  private static FakeAgent started(World world) {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    agent.beat("running", 1L);
    return agent;
  }

  private static JsonNode envelope(MemoryBus.Published event) {
    return Json.tree(
        "{\"source\":\"vaultlayer\",\"detail-type\":\""
            + event.detailType()
            + "\",\"detail\":"
            + event.detailJson()
            + "}");
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
