package io.vaultlayer.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vaultlayer.local.home.Home;
import io.vaultlayer.local.home.Status;
import io.vaultlayer.local.plane.PlaneTemplates;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plane as a process: it survives kill -9, yields to a running one, and says why it refuses.
 */
class LocalMainTest {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  @TempDir Path directory;
  private Home home;
  private final List<Process> processes = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeEach
  void write() throws IOException {
    home = new Home(directory.resolve("home"));
    template(PlaneTemplates.SMALL);
  }

  @AfterEach
  void end() throws InterruptedException {
    for (var process : processes) {
      process.destroyForcibly().waitFor();
    }
    http.close();
  }

  @Test
  void whatWasAnsweredIsThereAfterKillNine() throws Exception {
    var first = start();
    var before = ready(first);
    for (int i = 0; i < 20; i++) {
      assertThat(call("PUT", "/rows/r" + i, "kept " + i).statusCode()).isEqualTo(200);
    }
    first.destroyForcibly().waitFor();
    assertThat(home.status()).exists();

    var second = start();
    await().atMost(PATIENCE).until(() -> second.isAlive() && newer(before));
    var after = Status.read(home.status()).orElseThrow();
    assertThat(after.endpoint()).isEqualTo(before.endpoint());
    for (int i = 0; i < 20; i++) {
      assertThat(call("GET", "/rows/r" + i, null).body()).contains("kept " + i);
    }
  }

  @Test
  void aSecondStartFindsTheFirstAndAStopIsOrderly() throws Exception {
    var first = start();
    var status = ready(first);

    var second = start();
    assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isZero();
    assertThat(output(second)).contains(status.endpoint()).contains("already runs");

    new ProcessBuilder("kill", "-HUP", Long.toString(first.pid())).start().waitFor();
    assertThat(call("GET", "/local/status", null).statusCode()).as("a hang-up").isEqualTo(200);

    assertThat(call("POST", "/local/down", "").statusCode()).isEqualTo(200);
    assertThat(first.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(first.exitValue()).isZero();
    assertThat(home.status()).doesNotExist();

    var third = start();
    ready(third);
    third.destroy();
    assertThat(third.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(home.status()).as("after SIGTERM").doesNotExist();
    assertThat(Files.readString(home.log())).contains("\"stopped\"");
  }

  @Test
  void whatKeepsItFromStartingIsSaidWithExitCodeThree() throws Exception {
    template(PlaneTemplates.SMALL.replace("AWS::S3::Bucket", "AWS::SNS::Topic"));
    refused("template_not_honoured", "Objects", "AWS::SNS::Topic");

    template(PlaneTemplates.SMALL);
    var port = Json.tree(Files.readString(home.ports())).get("http").asInt();
    try (var other = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
      assertThat(other.isBound()).isTrue();
      refused("port_taken", Integer.toString(port), home.ports().toString());
    }

    var running = start();
    ready(running);
    running.destroyForcibly().waitFor();
    Files.deleteIfExists(home.data().resolve("store.db-wal"));
    Files.writeString(home.store(), "no database at all, but long enough to look at ".repeat(100));
    refused("corrupted_data", "corrupted data directory", home.store().toString());
  }

  private void refused(String code, String... named) throws Exception {
    var process = start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    var said = output(process);
    assertThat(process.exitValue()).as(said).isEqualTo(3);
    assertThat(said)
        .contains("vl-code: " + code + "\nvl: ")
        .contains(named)
        .doesNotContain("\tat ");
  }

  private void template(String text) throws IOException {
    Files.writeString(directory.resolve("template.yaml"), text);
  }

  private Process start() throws IOException {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dvaultlayer.template=" + directory.resolve("template.yaml"),
            "-cp",
            System.getProperty("java.class.path"),
            "io.vaultlayer.local.LocalMain");
    builder.environment().put("VAULTLAYER_HOME", home.root().toString());
    builder.redirectErrorStream(true);
    builder.redirectOutput(directory.resolve("out-" + processes.size()).toFile());
    var process = builder.start();
    processes.add(process);
    return process;
  }

  private String output(Process process) throws IOException {
    return Files.readString(directory.resolve("out-" + processes.indexOf(process)));
  }

  private Status ready(Process process) {
    await()
        .atMost(PATIENCE)
        .until(() -> Status.read(home.status()).filter(s -> s.pid() == process.pid()).isPresent());
    return Status.read(home.status()).orElseThrow();
  }

  private boolean newer(Status before) {
    return Status.read(home.status()).filter(s -> s.pid() != before.pid()).isPresent();
  }

  private HttpResponse<String> call(String method, String path, String body) throws Exception {
    var request =
        HttpRequest.newBuilder(
                URI.create(Status.read(home.status()).orElseThrow().endpoint() + path))
            .header("Authorization", "Bearer " + Files.readString(home.token()).strip())
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
