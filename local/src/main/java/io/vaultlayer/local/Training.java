package io.vaultlayer.local;

import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.local.home.Home;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.plane.Plane;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * {@code -Dvaultlayer.train=true}: starts a plane in a directory of its own, walks once through
 * what it does every day, stops it and ends with 0. A virtual machine that records classes
 * meanwhile starts the next plane faster.
 */
final class Training {
  private static final int PATIENCE = 20_000;

  private Training() {}

  static int run() throws InterruptedException {
    var clock = InstantSource.system();
    var entropy = LocalMain.entropy();
    try {
      var directory = Files.createTempDirectory("vaultlayer-train");
      try {
        var claimed = Claimed.take(new Home(directory), Map.of(), entropy).orElseThrow();
        var log = new PlaneLog(claimed.home().log(), clock);
        OwnProcess.logOutput(log);
        // An instance that ends at once: placing, losing and reaping are walked, nothing is left.
        var plan =
            LocalMain.plan(
                entropy,
                clock,
                c -> List.of(LocalProviders.machine(c, List.of("true"), clock, entropy)));
        try (var plane = Plane.start(claimed, plan, log)) {
          var job = walk(plane);
          // A tick or two, so that queues, the bus and the store have all been used.
          Thread.sleep(2_500);
          if (!job.isEmpty()) {
            var url = plane.status().endpoint() + "/v1/jobs/" + job;
            call(plane, "GET", url, null);
            call(plane, "POST", url + "/cancel", "{}");
          }
        }
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return 0;
  }

  private static String walk(Plane plane) throws IOException {
    var endpoint = plane.status().endpoint();
    call(plane, "GET", endpoint + "/local/status", null);
    call(plane, "GET", endpoint + "/v1/jobs", null);
    var body = "train".getBytes(StandardCharsets.UTF_8);
    var request =
        Map.of(
            "command",
            List.of("true"),
            "gpu",
            List.of(Map.of("gpu", "cpu", "count", 1)),
            "workdir",
            Map.of("sha256", sha256(body), "bytes", body.length));
    var answer = call(plane, "POST", endpoint + "/v1/jobs", Json.render(request));
    var document = Json.tree(answer.isEmpty() ? "{}" : answer);
    var upload = document.path("upload").path("url").asText("");
    if (!upload.isEmpty()) {
      call(plane, "PUT", upload, new String(body, StandardCharsets.UTF_8));
    }
    var id = document.path("job").path("id").asText("");
    if (!id.isEmpty()) {
      call(plane, "POST", endpoint + "/v1/jobs/" + id + "/start", "{}");
      call(plane, "GET", endpoint + "/v1/jobs/" + id, null);
      call(plane, "GET", endpoint + "/v1/jobs/" + id + "/logs", null);
    }
    return id;
  }

  /** Whatever is answered is fine here: the walk is for the classes it loads. */
  private static String call(Plane plane, String method, String url, String body)
      throws IOException {
    var connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setConnectTimeout(PATIENCE);
    connection.setReadTimeout(PATIENCE);
    connection.setRequestMethod(method);
    if (url.startsWith(plane.status().endpoint())) {
      connection.setRequestProperty("Authorization", "Bearer " + plane.token());
    }
    if (body != null) {
      connection.setDoOutput(true);
      try (var out = connection.getOutputStream()) {
        out.write(body.getBytes(StandardCharsets.UTF_8));
      }
    }
    try (var in =
        connection.getResponseCode() < 400
            ? connection.getInputStream()
            : connection.getErrorStream()) {
      return in == null ? "" : new String(in.readNBytes(1 << 20), StandardCharsets.UTF_8);
    }
  }

  private static String sha256(byte[] body) {
    try {
      return HexFormat.of()
          .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(body));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
