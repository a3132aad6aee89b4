package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.functions.state.Metrics.Metric;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The figures are lines that CloudWatch takes as metrics, told once for each written decision. */
class MetricsTest {
  /** Those of CloudWatch's units that make sense here. */
  private static final Set<String> UNITS = Set.of("Seconds", "Count", "None");

  private final World world = new World();

  private List<JsonNode> lines() {
    return world.log.stream().map(Json::tree).filter(l -> l.has("_aws")).toList();
  }

  private List<JsonNode> lines(Metric metric) {
    return lines().stream().filter(l -> l.has(metric.wireName())).toList();
  }

  private FakeAgent running() {
    var agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    agent.beat("running", 1L);
    return agent;
  }

  @Test
  void detectionAndRecoveryAreMeasuredFromTheLastBeatAndTheLoss() {
    world.submit(Map.of());
    world.clock.advance(Duration.ofSeconds(3));
    var agent = running();
    assertThat(lines(Metric.QUEUE_SECONDS)).hasSize(1);
    assertThat(lines(Metric.QUEUE_SECONDS).getFirst().path("QueueSeconds").asDouble()).isEqualTo(3);
    world.pass(Duration.ofSeconds(6));
    agent.beat("running", 2L);
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    var detection = lines(Metric.DETECTION_SECONDS);
    assertThat(detection).hasSize(1);
    assertThat(detection.getFirst().path("Cause").asText()).isEqualTo("confirmed");
    assertThat(detection.getFirst().path("DetectionSeconds").asDouble()).isBetween(0.4, 4.0);
    var fencedAt = detection.getFirst().path("_aws").path("Timestamp").asLong();
    world.clock.advance(Duration.ofSeconds(5));
    running();
    var recovery = lines(Metric.RECOVERY_SECONDS);
    assertThat(recovery).hasSize(1);
    assertThat(recovery.getFirst().path("RecoverySeconds").asDouble())
        .isCloseTo((world.clock.instant().toEpochMilli() - fencedAt) / 1000.0, within(0.001));
    assertThat(lines(Metric.QUEUE_SECONDS)).hasSize(1);
  }

  @Test
  void aCommitOfAFencedAttemptIsCounted() {
    var job = world.submit(Map.of());
    var agent = running();
    world.pass(Duration.ofSeconds(6));
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(agent.commit(5).code()).isEqualTo("fenced");
    assertThat(lines(Metric.FENCED_COMMITS_REFUSED)).hasSize(1);
  }

  @Test
  void aFenceThatIsTakenTwiceIsMeasuredOnce() {
    world.submit(Map.of());
    var agent = running();
    world.provider.lie(agent.bootstrap.label(), Optional.of(Provider.Sighting.UNKNOWN));
    world.pass(Duration.ofSeconds(30));
    assertThat(lines(Metric.DETECTION_SECONDS))
        .extracting(l -> l.path("Cause").asText())
        .containsOnlyOnce("silence");
  }

  @Test
  void anInstanceThatNobodyKnowsIsCountedOnceHoweverLongItStays() {
    var job = world.submit(Map.of());
    running();
    world.provider.terminateAfterLists(20);
    world.provider.create(
        new Provider.Launch("vl-test-" + job + "-e1-9", FakeProvider.offer("fake", "m-9"), "{}"));
    for (int i = 0; i < 5; i++) {
      world.queue("REAP_QUEUE_URL").send("{\"reap\":\"inventory\"}", Duration.ZERO);
      world.deliver();
      world.clock.advance(Duration.ofSeconds(5));
    }
    assertThat(lines(Metric.LEAKS_FOUND)).hasSize(1);
    assertThat(
            world
                .call("GET /v1/jobs/{id}/explain", Map.of("id", job), Map.of(), "")
                .as(Lists.Decisions.class)
                .decisions())
        .anyMatch(d -> d.reason().startsWith("reap_still_there: "));
  }

  @Test
  void aStallIsCountedOnce() {
    world.submit(Map.of());
    var agent = running();
    assertThat(agent.exit("stalled", Map.of("detail", "no step for ten minutes")).status())
        .isEqualTo(200);
    assertThat(lines(Metric.STALLS_FOUND)).hasSize(1);
  }

  @Test
  void everyMetricIsALineThatCloudWatchTakes() {
    detectionAndRecoveryAreMeasuredFromTheLastBeatAndTheLoss();
    for (var metric : Metric.values()) {
      world.control.metrics().count(metric, Optional.empty());
      world.control.metrics().gauge(metric, 1.5);
    }
    assertThat(lines()).hasSizeGreaterThan(2 * Metric.values().length);
    lines().forEach(line -> assertThat(problems(line)).as(line.toString()).isEmpty());
  }

  @Test
  void everyMetricStandsOnItsPage() throws IOException {
    var page = Files.readString(Path.of("..", "docs", "metrics.md"));
    for (var metric : Metric.values()) {
      assertThat(page).contains("| `" + metric.wireName() + "` | " + metric.unit());
    }
  }

  @Test
  void theLookAtTheFormatCanFail() {
    assertThat(
            problems(
                Json.tree(
                    "{\"_aws\":{\"Timestamp\":\"now\",\"CloudWatchMetrics\":[{\"Namespace\":\"\","
                        + "\"Dimensions\":[[\"job\"]],\"Metrics\":[{\"Name\":\"X\",\"Unit\":\"Apples\"}]}]},"
                        + "\"job\":7}")))
        .hasSize(5);
  }

  /** The rules of the embedded metric format, as CloudWatch's documentation states them. */
  private static List<String> problems(JsonNode line) {
    var out = new ArrayList<String>();
    check(out, line.path("_aws").path("Timestamp").isIntegralNumber(), "Timestamp is no number");
    var directives = line.path("_aws").path("CloudWatchMetrics");
    check(out, directives.isArray() && !directives.isEmpty(), "no directive");
    for (var directive : directives) {
      var namespace = directive.path("Namespace").asText();
      check(out, namespace.matches("[0-9A-Za-z._/#:-]{1,255}"), "Namespace " + namespace);
      check(out, directive.path("Dimensions").isArray(), "Dimensions is no list");
      for (var set : directive.path("Dimensions")) {
        check(
            out, set.isArray() && set.size() <= 30, "a set of dimensions is a list of at most 30");
        for (var name : set) {
          var value = line.path(name.asText());
          check(
              out,
              value.isTextual() && !value.asText().isBlank() && value.asText().length() <= 1024,
              "the dimension " + name + " has no text at the root");
        }
      }
      var metrics = directive.path("Metrics");
      check(out, metrics.isArray() && metrics.size() <= 100, "Metrics is a list of at most 100");
      for (var metric : metrics) {
        check(out, line.path(metric.path("Name").asText()).isNumber(), metric + " has no number");
        check(out, UNITS.contains(metric.path("Unit").asText()), metric + " has an unknown unit");
      }
    }
    return out;
  }

  private static void check(List<String> out, boolean holds, String problem) {
    if (!holds) {
      out.add(problem);
    }
  }

  @Test
  void noMetricHasTheJobAsADimension() {
    detectionAndRecoveryAreMeasuredFromTheLastBeatAndTheLoss();
    var dimensions =
        lines().stream()
            .flatMap(l ->
                StreamSupport.stream(
                    l.at("/_aws/CloudWatchMetrics/0/Dimensions").spliterator(), false))
            .flatMap(set -> StreamSupport.stream(set.spliterator(), false))
            .map(JsonNode::asText)
            .distinct();
    assertThat(dimensions).containsExactly("Cause");
  }
}
