package io.vaultlayer.agent;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.agent.attempt.Inbox;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.work.InstanceDir;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * A whole attempt against a throwaway plane and bucket on loopback, so that the JDK sees every
 * class that a start needs and can keep it in its ahead-of-time cache. Nothing else calls it.
 */
final class Warmup {
  private static final String JOB = "job_warmup";

  /**
   * A save that is large enough for the JDK to note what is hot in one, so that the first real save
   * is compiled at once and not after its first seconds. The restore before it is there for the
   * same.
   */
  private static final String SCRIPT =
      """
      echo step 2 loss 0.5
      mkdir "$VAULTLAYER_CHECKPOINT_DIR/.new"
      for file in 1 2 3 4; do
        head -c 15000000 /dev/zero >"$VAULTLAYER_CHECKPOINT_DIR/.new/$file"
      done
      mv "$VAULTLAYER_CHECKPOINT_DIR/.new" "$VAULTLAYER_CHECKPOINT_DIR/checkpoint-2"
      """;

  private static final int EPOCH = 2;

  private final byte[] workdir;
  private final String workdirSha256;
  private final WarmupBucket bucket;
  private final HttpServer server;

  private Warmup() throws IOException {
    this.workdir = workdir();
    this.workdirSha256 = Hex.of(Hex.sha256(workdir));
    this.bucket = new WarmupBucket(JOB, BucketLayout.workdir(JOB, workdirSha256), workdir);
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
  }

  /** Runs the attempt, to its end. @throws IllegalStateException when it went wrong */
  static void run(Outside outside) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("vaultlayer-warmup");
    var warmup = new Warmup();
    warmup.server.start();
    try {
      var places = new InstanceDir(directory);
      var bootstrap =
          new AttemptApi.Bootstrap(warmup.endpoint(), JOB, EPOCH, 1, "vl-warmup", "vlb_warmup");
      Files.writeString(places.bootstrap(), Json.render(bootstrap));
      var log = new AgentLog(places.log(), outside.now());
      int code = new Agent(places, new Inbox(), outside, log).run();
      if (code != Agent.ENDED) {
        throw new IllegalStateException(Files.readString(places.log()));
      }
    } finally {
      warmup.server.stop(0);
      InstanceDir.empty(directory);
      Files.delete(directory);
    }
  }

  private String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
      if (!path.startsWith("/v1/")) {
        bucket.answer(exchange);
        return;
      }
      byte[] body =
          Json.render(document(path.substring(path.lastIndexOf('/') + 1)))
              .getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private Object document(String call) {
    return switch (call) {
      case "register" -> assignment();
      case "commit" -> new AttemptApi.Committed(2, EPOCH);
      case "heartbeat" -> new AttemptApi.HeartbeatAck(1, 8, null, null);
      default -> Map.of();
    };
  }

  private AttemptApi.Assignment assignment() {
    var credentials =
        new AttemptApi.S3Credentials(
            endpoint(), "local", "warmup", "AK", "SK", "ST", "jobs/", "2100-01-01T00:00:00Z");
    return new AttemptApi.Assignment(
        JOB,
        EPOCH,
        "warmup",
        List.of("sh", "run.sh"),
        Map.of(),
        Map.of(),
        null,
        null,
        null,
        BucketLayout.workdir(JOB, workdirSha256),
        workdirSha256,
        workdir.length,
        bucket.pointer(),
        credentials,
        1,
        8,
        600,
        1800,
        List.of(),
        null);
  }

  private static byte[] workdir() throws IOException {
    byte[] script = SCRIPT.getBytes(StandardCharsets.UTF_8);
    var bytes = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
      var entry = new TarArchiveEntry("run.sh");
      entry.setSize(script.length);
      tar.putArchiveEntry(entry);
      tar.write(script);
      tar.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }
}
