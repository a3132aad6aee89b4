package io.vaultlayer.agent.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AttemptClientTest {
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private int status;
  private String body;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          seen.add(
              exchange.getRequestURI()
                  + " "
                  + exchange.getRequestHeaders().getFirst("Authorization"));
          exchange.getRequestBody().readAllBytes();
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private Answer<AttemptApi.HeartbeatAck> beat(int status, String body) {
    this.status = status;
    this.body = body;
    return client("http://127.0.0.1:" + server.getAddress().getPort() + "/").heartbeat(BEAT);
  }

  private static final AttemptApi.Heartbeat BEAT =
      new AttemptApi.Heartbeat(1, "running", null, null, null, null, null, List.of());

  private static AttemptClient client(String endpoint) {
    var client = new AttemptClient(endpoint, "job_1", 7, "vla_x");
    client.patience(Duration.ofMillis(300));
    return client;
  }

  @Test
  void anAckIsReadAndTheTokenTravelsInTheHeaderAlone() {
    assertThat(beat(200, "{\"intervalSeconds\":2,\"leaseSeconds\":8,\"new\":1}"))
        .isEqualTo(new Answer.Ok<>(new AttemptApi.HeartbeatAck(2, 8, null, null)));
    assertThat(seen).containsExactly("/v1/attempts/job_1/7/heartbeat Bearer vla_x");
  }

  @ParameterizedTest
  @CsvSource({"409,fenced", "401,unauthenticated", "403,forbidden"})
  void whoIsNotTheOwnerIsFenced(int status, String code) {
    assertThat(beat(status, "{\"code\":\"" + code + "\",\"message\":\"m\"}"))
        .isEqualTo(new Answer.Fenced<>("m"));
  }

  @Test
  void anotherConflictIsARefusal() {
    assertThat(beat(409, "{\"code\":\"not_yet\",\"message\":\"m\"}"))
        .isEqualTo(new Answer.Refused<>(409, "not_yet", "m"));
    assertThat(beat(422, "no json"))
        .isInstanceOfSatisfying(
            Answer.Refused.class, refused -> assertThat(refused.code()).isEqualTo("http_422"));
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 502, 503, 429, 408})
  void troubleOfTheirsIsNoVerdict(int status) {
    assertThat(beat(status, "{\"code\":\"fenced\",\"message\":\"m\"}"))
        .isInstanceOf(Answer.Unavailable.class);
  }

  @Test
  void anUnreadableAnswerIsNoVerdict() {
    assertThat(beat(200, "<html>")).isInstanceOf(Answer.Unavailable.class);
    assertThat(beat(200, "[1]")).isInstanceOf(Answer.Unavailable.class);
  }

  @Test
  void whoIsNotThereOrDoesNotAnswerInTimeIsUnavailable() throws IOException {
    assertThat(client("http://127.0.0.1:1").heartbeat(BEAT)).isInstanceOf(Answer.Unavailable.class);
    try (var mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      long begun = System.nanoTime();
      assertThat(client("http://127.0.0.1:" + mute.getLocalPort()).heartbeat(BEAT))
          .isInstanceOf(Answer.Unavailable.class);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
    }
  }

  @Test
  void waitsDoubleUpToTheirBoundAndAreNeverShorterThanHalf() {
    var waits =
        new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1), RandomGenerator.getDefault());
    for (long bound : new long[] {100, 200, 400, 800, 1000, 1000}) {
      assertThat(waits.next().toMillis()).isBetween(bound / 2, bound);
    }
  }
}
