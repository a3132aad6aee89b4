package io.vaultlayer.local.plane;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.local.home.Home;
import io.vaultlayer.local.log.PlaneLog;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/** A whole plane in this process, on a small template of one function. */
final class TestPlane implements AutoCloseable {
  final Plane plane;
  final Home home;
  private final HttpClient http = HttpClient.newHttpClient();

  TestPlane(Path directory) throws IOException {
    this(directory, PlaneTemplates.SMALL);
  }

  TestPlane(Path directory, String template) throws IOException {
    home = new Home(directory.resolve("home"));
    var file = Files.writeString(directory.resolve("template.yaml"), template);
    var claimed = Claimed.take(home, Map.of(), entropy()).orElseThrow();
    var clock = InstantSource.system();
    plane =
        Plane.start(
            claimed,
            new Plane.Plan(file, Map.of(), c -> List.of(), "test", clock, entropy()),
            new PlaneLog(home.log(), clock));
  }

  static Entropy entropy() {
    var random = new SecureRandom();
    return count -> {
      var bytes = new byte[count];
      random.nextBytes(bytes);
      return bytes;
    };
  }

  /** Sends a request; {@code token} may be empty. */
  HttpResponse<String> call(String method, String path, String body, String token)
      throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(plane.status().endpoint() + path))
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> call(String method, String path, String body) throws Exception {
    return call(method, path, body, plane.token());
  }

  String log() throws IOException {
    return Files.readString(home.log());
  }

  @Override
  public void close() {
    http.close();
    plane.close();
  }
}
