package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import io.vaultlayer.testkit.fake.MemoryBus;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * INV-13: secrets are handed to every handler, in every place where one may stand, and then looked
 * for in everything that is told: log, metrics, events, explanations, status and check.
 */
class SecretsTest {
  private static final String USER_VALUE = "hunter2-user-value";
  private static final String STRANGER = "vla_stranger-token";
  private static final String MARK = "tainted-";

  private final World world = new World();
  private final List<MemoryBus.Published> published = new ArrayList<>();
  private final Map<String, String> secrets = new LinkedHashMap<>();
  private String job;

  @Test
  void whatIsSecretIsToldNowhere() {
    world.watchBus(published::add);
    world.credentials.twoKeys();
    world.provider.nextCreate(new NextCreate.Ambiguous(true));
    job = world.submit(Map.of("environment", Map.of("API_KEY", USER_VALUE)));
    secrets.put("the user's value", USER_VALUE);
    secrets.put("a stranger's token", STRANGER);
    world.pass(Duration.ofSeconds(20));
    var first = live();
    everyWrongCall(first);
    world.pass(Duration.ofSeconds(30));
    var second = live();
    everyWrongCall(first);
    everyWrongCall(second);
    world.agent(
        job,
        second.epoch,
        "register",
        STRANGER,
        Map.of(
            "launch",
            second.bootstrap.launch(),
            "bootstrapToken",
            second.bootstrap.bootstrapToken(),
            "instanceId",
            "i-copy"));
    world.pass(Duration.ofSeconds(20));
    var third = live();
    assertThat(third.exit("failed", Map.of("exitCode", 3)).status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(3));
    everyWrongCall(third);
    userCalls();

    assertThat(world.log).as("the look would see a secret").anyMatch(l -> l.contains(job));
    secrets.forEach((what, secret) -> {
      assertThat(String.join("\n", world.log)).as("%s in the log", what).doesNotContain(secret);
      assertThat(published.toString()).as("%s on the bus", what).doesNotContain(secret);
      assertThat(told()).as("%s in what people are told", what).doesNotContain(secret);
    });
    assertThat(secrets).hasSizeGreaterThan(8);
  }

  private FakeAgent live() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    var at = " of epoch " + agent.epoch;
    secrets.put("the attempt's token" + at, agent.token);
    secrets.put("the bootstrap token" + at, agent.bootstrap.bootstrapToken());
    AttemptApi.S3Credentials s3 = agent.assignment.credentials();
    secrets.put("the bucket's key" + at, s3.secretAccessKey());
    secrets.put("the bucket's session" + at, s3.sessionToken());
    secrets.put("the bucket's key for reading" + at, s3.read().secretAccessKey());
    secrets.put("the bucket's session for reading" + at, s3.read().sessionToken());
    agent.beat("running", 1L);
    agent.commit(10L * agent.epoch);
    return agent;
  }

  /** Every route of an attempt with bodies that are broken in ways that make handlers talk. */
  private void everyWrongCall(FakeAgent agent) {
    for (var verb :
        List.of(
            "register",
            "heartbeat",
            "commit",
            "condemn",
            "hold",
            "credentials",
            "exit",
            "next",
            "reclaim")) {
      for (var token : List.of(agent.token, STRANGER, MARK + "in-the-header")) {
        for (var body : bodies(agent)) {
          world.agent(job, agent.epoch, verb, token, body);
        }
      }
    }
    secrets.put("a token in the header", MARK + "in-the-header");
    secrets.put("a token in a body", MARK + "in-a-body");
  }

  private static List<Object> bodies(FakeAgent agent) {
    var whole = new HashMap<String, Object>();
    whole.put("launch", agent.bootstrap.launch());
    whole.put("bootstrapToken", MARK + "in-a-body");
    whole.put("nextTokenSha256", MARK + "in-a-body");
    whole.put("instanceId", "i-1");
    whole.put("beat", 1);
    whole.put("phase", "running");
    whole.put("step", 1);
    whole.put("outcome", MARK + "in-a-body");
    return List.of(
        "{\"bootstrapToken\":\"" + MARK + "in-a-body",
        "{\"beat\":\"" + MARK + "in-a-body\"}",
        "\"" + MARK + "in-a-body\"",
        "",
        Json.render(whole));
  }

  private void userCalls() {
    var headers = Map.of("authorization", "Bearer " + MARK + "of-the-user");
    secrets.put("the user's own token", MARK + "of-the-user");
    for (var route :
        List.of(
            "POST /v1/jobs",
            "POST /v1/jobs/{id}/start",
            "POST /v1/jobs/{id}/resume",
            "POST /nowhere")) {
      world.call(route, Map.of("id", job), headers, "{\"environment\":{\"K\":\"" + USER_VALUE);
    }
  }

  private String told() {
    var text = new StringBuilder();
    for (var route :
        List.of(
            "GET /v1/jobs/{id}/explain", "GET /v1/jobs/{id}", "GET /v1/jobs", "GET /v1/check")) {
      text.append(world.call(route, Map.of("id", job), Map.of(), "").body());
    }
    return text.toString();
  }
}
