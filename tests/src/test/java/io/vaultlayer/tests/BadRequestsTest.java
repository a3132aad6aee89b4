package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the plane answers to requests that no program of ours would send. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class BadRequestsTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static Home home;
  private static Path workdir;
  private static String token;

  @BeforeAll
  static void aHome() {
    home = new Home();
    home.vl("local", "up").ok();
    workdir = Scripts.directory("chain.py");
    token = Home.read(Path.of(home.planeFile().path("tokenFile").asText())).strip();
  }

  @AfterAll
  static void leave() {
    home.close();
    Home.delete(workdir);
  }

  private record Answered(int status, JsonNode body) {}

  @Test
  void malformedJsonIsRefused() {
    var before = home.vl("ps", "-a", "--json").ok().json().path("jobs").size();
    for (var body : new String[] {"", "{", "[]", "null", "\"x\"", "{\"command\":7}", "\u0000"}) {
      refused(post("/v1/jobs", token, body), 400, null);
    }
    assertThat(home.vl("ps", "-a", "--json").ok().json().path("jobs")).hasSize(before);
  }

  @Test
  void anOversizedBodyIsRefused() {
    var body = "{\"name\":\"" + "x".repeat(7 << 20) + "\"}";
    refused(post("/v1/jobs", token, body), 413, "too_large");
  }

  @Test
  void aWrongTokenIsRefused() {
    refused(post("/v1/jobs", "wrong", "{}"), 401, "unauthenticated");
    refused(post("/v1/jobs", "", "{}"), 401, "unauthenticated");
    refused(get("/v1/jobs", "wrong"), 401, "unauthenticated");
  }

  @Test
  void anUnknownRouteAndAnUnknownJobAreToldApart() {
    refused(get("/v1/nothing", token), 404, "no_such_route");
    refused(get("/v1/jobs/job_01m7y2me7mzbra623g0hw1bygn", token), 404, "no_such_job");
    refused(get("/v1/jobs/%2e%2e%2f", token), 404, null);
  }

  @Test
  void anAttemptOfAnotherEpochOrWithAnotherTokenIsRefused() {
    var job =
        home.submit(workdir, "python3", "chain.py", "--steps", "2000", "--step-seconds", "0.05");
    home.await(job, Home.PATIENCE, "running", s -> s.path("state").asText().equals("running"));
    var attempt = home.vl("local", "credentials", job, "--json").ok().json().path("token").asText();
    var beat = "{\"beat\":1000000,\"phase\":\"running\",\"warnings\":[]}";
    var path = "/v1/attempts/" + job + "/";
    refused(post(path + "2/heartbeat", attempt, beat), 409, "fenced");
    refused(post(path + "0/heartbeat", attempt, beat), -1, null);
    refused(post(path + "1/heartbeat", "vla_wrong", beat), -1, null);
    refused(post(path + "1/heartbeat", token, beat), -1, null);
    refused(post(path + "1/heartbeat", attempt, "{"), 400, null);
    refused(post(path + "1/exit", "vla_wrong", "{\"outcome\":\"succeeded\"}"), -1, null);
    // The attempt's token opens nothing of the user's.
    refused(get("/v1/jobs", attempt), 401, null);
    assertThat(home.status(job).path("epoch").asInt()).isEqualTo(1);
    assertThat(home.status(job).path("state").asText()).isEqualTo("running");
    home.vl("cancel", job).ok();
    refused(post(path + "1/heartbeat", attempt, beat), 409, "fenced");
  }

  @Test
  void anIdempotencyKeyBelongsToOneRequest() {
    var key = "key-" + System.nanoTime();
    String[] same = {"--idempotency-key", key, "python3", "chain.py", "--steps", "1"};
    var first = home.submit(workdir, same);
    assertThat(home.submit(workdir, same)).isEqualTo(first);
    var other =
        home.vl(
            "run",
            "--detach",
            "--json",
            "--workdir",
            workdir.toString(),
            "--idempotency-key",
            key,
            "python3",
            "chain.py",
            "--steps",
            "2");
    assertThat(other.exit()).isEqualTo(3);
    assertThat(other.json().path("message").asText()).contains(key);
    var named =
        "{\"command\":[\"true\"],\"workdir\":{\"sha256\":\"" + "0".repeat(64) + "\",\"bytes\":1}}";
    refused(post("/v1/jobs", token, named, "Idempotency-Key", key), 409, null);
    home.awaitEnd(first, Home.PATIENCE);
  }

  private static void refused(Answered answered, int status, String code) {
    if (status > 0) {
      assertThat(answered.status()).as(answered.toString()).isEqualTo(status);
    } else {
      assertThat(answered.status()).as(answered.toString()).isIn(400, 401, 403, 409);
    }
    assertThat(answered.body().path("message").asText())
        .as(answered.toString())
        .matches("(?s).+: .+");
    assertThat(answered.body().path("code").asText()).matches("[a-z][a-z_]+");
    if (code != null) {
      assertThat(answered.body().path("code").asText()).isEqualTo(code);
    }
  }

  private static Answered post(String path, String bearer, String body, String... headers) {
    var request =
        HttpRequest.newBuilder(at(path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + bearer);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  private static Answered get(String path, String bearer) {
    return send(
        HttpRequest.newBuilder(at(path)).GET().header("Authorization", "Bearer " + bearer).build());
  }

  private static URI at(String path) {
    return URI.create(home.planeFile().path("endpoint").asText() + path);
  }

  private static Answered send(HttpRequest request) {
    try {
      var answer = HTTP.send(request, BodyHandlers.ofString());
      return new Answered(answer.statusCode(), Json.tree(answer.body()));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
