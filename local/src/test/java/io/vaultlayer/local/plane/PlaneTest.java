package io.vaultlayer.local.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.local.home.Status;
import io.vaultlayer.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;

/** A plane on a small template: requests, messages, events and refusals, end to end. */
class PlaneTest {
  @TempDir static Path directory;
  private static TestPlane plane;

  @BeforeAll
  static void start() throws Exception {
    plane = new TestPlane(directory);
  }

  @AfterAll
  static void stop() {
    plane.close();
  }

  @Test
  void aRequestReachesTheFunctionAsApiGatewaysEvent() throws Exception {
    var answer =
        plane.call("POST", "/things/a%20b%2Fc+d/part?x=1&y=%C3%A4&x=2&flag", "{\"k\":\"ü\"}");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-test")).contains("yes");
    var event = Json.tree(answer.body());
    assertThat(event.get("version").asText()).isEqualTo("2.0");
    assertThat(event.get("routeKey").asText()).isEqualTo("POST /things/{id}/{part}");
    assertThat(event.get("rawPath").asText()).isEqualTo("/things/a%20b%2Fc+d/part");
    assertThat(event.get("rawQueryString").asText()).isEqualTo("x=1&y=%C3%A4&x=2&flag");
    assertThat(event.at("/pathParameters/id").asText()).isEqualTo("a b/c+d");
    assertThat(event.at("/pathParameters/part").asText()).isEqualTo("part");
    assertThat(event.at("/queryStringParameters/x").asText()).isEqualTo("1,2");
    assertThat(event.at("/queryStringParameters/y").asText()).isEqualTo("ä");
    assertThat(event.at("/queryStringParameters/flag").asText()).isEmpty();
    assertThat(event.at("/headers/authorization").asText()).startsWith("Bearer ");
    assertThat(event.at("/requestContext/http/method").asText()).isEqualTo("POST");
    assertThat(event.at("/requestContext/http/sourceIp").asText()).isEqualTo("127.0.0.1");
    assertThat(event.at("/requestContext/authorizer/iam/userId").asText()).isEqualTo("local");
    assertThat(event.at("/requestContext/timeEpoch").isNumber()).isTrue();
    assertThat(event.get("body").asText()).isEqualTo("{\"k\":\"ü\"}");
    assertThat(event.get("isBase64Encoded").asBoolean()).isFalse();
  }

  @Test
  void aRouteWithoutVariablesWins() throws Exception {
    var event = Json.tree(plane.call("POST", "/things/a/start", "{}").body());
    assertThat(event.get("routeKey").asText()).isEqualTo("POST /things/{id}/start");
  }

  @Test
  void aSignedRouteWantsTheTokenAndAnOpenOneDoesNot() throws Exception {
    for (var token : new String[] {"", "wrong", plane.plane.token() + "x"}) {
      var refused = plane.call("POST", "/things/a/b", "{}", token);
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(Json.tree(refused.body()).get("code").asText()).isEqualTo("unauthenticated");
      assertThat(refused.body()).doesNotContain(plane.plane.token());
    }
    var open = plane.call("GET", "/open", null, "");
    assertThat(open.statusCode()).isEqualTo(200);
    assertThat(Json.tree(open.body()).at("/requestContext/authorizer").isMissingNode()).isTrue();
  }

  @Test
  void whatCannotBeAnsweredIsRefusedInTheErrorsShape() throws Exception {
    assertError(plane.call("GET", "/nowhere", null), 404, "no_such_route");
    assertError(plane.call("GET", "/things/a/", null), 404, "no_such_route");
    assertError(plane.call("PUT", "/open", "x"), 405, "wrong_method");
    assertThat(plane.call("PUT", "/open", "x").headers().firstValue("allow")).contains("GET");
    assertError(plane.call("POST", "/things/a/b", "x".repeat((6 << 20) + 1)), 413, "too_large");
    assertError(plane.call("GET", "/fail", null), 500, "internal");
  }

  @Test
  void aRequestThatIsNoneIsRefused() throws Exception {
    assertThat(raw("GET /open%zz HTTP/1.1\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(raw("GET /open?x=%zz HTTP/1.1\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(raw("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(raw("GET /open HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(2 << 20) + "\r\n\r\n"))
        .doesNotStartWith("HTTP/1.1 200");
    assertThat(plane.call("GET", "/open", null).statusCode()).isEqualTo(200);
  }

  private static String raw(String request) throws Exception {
    var endpoint = java.net.URI.create(plane.plane.status().endpoint());
    try (var socket = new java.net.Socket(endpoint.getHost(), endpoint.getPort())) {
      socket.setSoTimeout(5_000);
      try {
        socket
            .getOutputStream()
            .write(request.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
        return new String(
            socket.getInputStream().readNBytes(12), java.nio.charset.StandardCharsets.US_ASCII);
      } catch (java.io.IOException e) {
        return "cut off";
      }
    }
  }

  @Test
  void aBinaryBodyArrivesWhole() throws Exception {
    var body = new byte[] {0, (byte) 0xff, (byte) 0xfe, 1};
    var request =
        java.net.http.HttpRequest.newBuilder(
                java.net.URI.create(plane.plane.status().endpoint() + "/things/a/b"))
            .header("Authorization", "Bearer " + plane.plane.token())
            .POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    try (var http = java.net.http.HttpClient.newHttpClient()) {
      var event =
          Json.tree(http.send(request, java.net.http.HttpResponse.BodyHandlers.ofString()).body());
      assertThat(event.get("isBase64Encoded").asBoolean()).isTrue();
      assertThat(java.util.Base64.getDecoder().decode(event.get("body").asText())).isEqualTo(body);
    }
  }

  @Test
  void aCallThatTheTemplateDoesNotAllowIsRefusedAndNamedInTheLog() throws Exception {
    assertError(plane.call("GET", "/denied", null), 500, "internal");
    assertThat(plane.log())
        .contains("Echo is not allowed dynamodb:GetItem on")
        .contains("table/Secrets");
    assertError(plane.call("GET", "/missing", null), 500, "internal");
    assertThat(plane.log()).contains("lacks the variable NOT_GIVEN");
  }

  @Test
  void aFunctionEndsWithItsTime() throws Exception {
    assertThat(Integer.parseInt(plane.call("GET", "/remaining", null).body())).isBetween(1, 2000);
    long began = System.nanoTime();
    assertError(plane.call("GET", "/slow", null), 500, "internal");
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(6));
  }

  @Test
  void aMessageIsDeliveredOnceAndAFailedOneEndsInTheDeadLetterQueue() throws Exception {
    plane.call("POST", "/send", "{\"m\":\"plain\"}");
    plane.call("POST", "/send", "{\"m\":\"poison\"}");
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> {
          assertThat(seen("plain")).isEqualTo(1);
          assertThat(seen("poison")).isEqualTo(2);
        });
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> assertThat(dead()).anyMatch(body -> body.contains("poison")));
    assertThat(seen("plain")).isEqualTo(1);
  }

  @Test
  void anEventReachesTheFunctionThroughRuleAndQueue() throws Exception {
    plane.call("POST", "/publish", "{\"job\":\"routed\"}");
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> assertThat(seen("routed")).isEqualTo(1));
    assertThat(plane.call("GET", "/seen", null).body())
        .contains("\\\"detail-type\\\":\\\"Something\\\"");
  }

  @Test
  void thePlaneSaysWhereItIsToAnybodyAndItsSecretsToNobody() throws Exception {
    var answer = plane.call("GET", "/local/status", null, "");
    var status = Json.parse(answer.body(), Status.class);
    assertThat(status).isEqualTo(plane.plane.status());
    assertThat(Status.read(plane.home.status())).contains(status);
    assertThat(answer.body()).doesNotContain(plane.plane.token());
    assertError(plane.call("POST", "/local/down", "", ""), 401, "unauthenticated");
    assertError(plane.call("GET", "/local/credentials/job_x", null, ""), 401, "unauthenticated");
    assertError(plane.call("GET", "/local/credentials/job_x", null), 404, "no_such_job");
    assertError(plane.call("GET", "/local/down", null), 405, "wrong_method");
  }

  @Test
  void aSecondPlaneOnTheSameHomeFindsItTaken() {
    assertThat(Claimed.take(plane.home, Map.of(), TestPlane.entropy())).isEmpty();
  }

  @Test
  void rowsAreThereAfterARestartAndEverythingIsWhereItWas(@TempDir Path other) throws Exception {
    Status before;
    try (var first = new TestPlane(other)) {
      assertThat(first.call("PUT", "/rows/a", "kept").statusCode()).isEqualTo(200);
      before = first.plane.status();
    }
    try (var second = new TestPlane(other)) {
      assertThat(second.call("GET", "/rows/a", null).body()).contains("kept");
      assertThat(second.plane.status().endpoint()).isEqualTo(before.endpoint());
      assertThat(second.plane.status().s3Endpoint()).isEqualTo(before.s3Endpoint());
    }
  }

  @Test
  void aHandlerThatCannotBeMadeStopsTheStartAndLeavesNothingRunning(@TempDir Path other)
      throws Exception {
    for (var handler : new String[] {"no.such.Handler", "java.lang.String"}) {
      assertThatThrownBy(() ->
              new TestPlane(
                  other,
                  PlaneTemplates.SMALL.replace("io.vaultlayer.local.plane.EchoFunction", handler)))
          .isInstanceOf(PlaneRefused.class)
          .hasMessageContaining("Echo")
          .hasMessageContaining(handler);
    }
    new TestPlane(other).close();
  }

  private static void assertError(
      java.net.http.HttpResponse<String> answer, int status, String code) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    var document = Json.tree(answer.body());
    assertThat(document.get("code").asText()).isEqualTo(code);
    assertThat(document.get("message").asText()).isNotBlank();
    assertThat(document.get("detail").isObject()).isTrue();
  }

  private static long seen(String text) throws Exception {
    var list = Json.tree(plane.call("GET", "/seen", null).body());
    long count = 0;
    for (var body : list) {
      count += body.asText().contains(text) ? 1 : 0;
    }
    return count;
  }

  private static java.util.List<String> dead() {
    var ports = plane.home.ports();
    int port;
    try {
      port = Json.tree(java.nio.file.Files.readString(ports)).get("sqs").asInt();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    var bodies = new ArrayList<String>();
    try (var client =
        software.amazon.awssdk.services.sqs.SqsClient.builder()
            .endpointOverride(java.net.URI.create("http://127.0.0.1:" + port))
            .region(software.amazon.awssdk.regions.Region.US_EAST_1)
            .credentialsProvider(AnonymousCredentialsProvider.create())
            .httpClient(software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient.create())
            .build()) {
      client
          .receiveMessage(r ->
              r.queueUrl("http://127.0.0.1:" + port + "/000000000000/Dead")
                  .visibilityTimeout(1)
                  .maxNumberOfMessages(10))
          .messages()
          .forEach(m -> bodies.add(m.body()));
    }
    return bodies;
  }
}
