package io.vaultlayer.cli;

import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.workdir.PackedWorkdir;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.StatusDocument;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Does what people do most, against a server of its own on loopback, so that the ahead-of-time
 * cache holds the classes that a command needs at start. Touches no home and no terminal.
 */
final class Training {
  private static final String JOB = "job_01k9999999999999999999999a";

  private final Path directory;
  private final Shell shell;

  private Training(Path directory, Shell shell) {
    this.directory = directory;
    this.shell = shell;
  }

  /** Returns the exit code: 0 when everything ran. */
  static int run(Shell real) {
    try {
      var directory = Files.createTempDirectory("vl-train-");
      var server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
      server.createContext(
          "/",
          exchange -> {
            exchange.getRequestBody().readAllBytes();
            var answer =
                answer(
                    exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath(),
                    "http://127.0.0.1:" + server.getAddress().getPort());
            var bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
          });
      server.start();
      try {
        var endpoint = "http://127.0.0.1:" + server.getAddress().getPort();
        return new Training(directory, quiet(real, directory, endpoint)).commands();
      } finally {
        server.stop(0);
        remove(directory);
      }
    } catch (IOException e) {
      real.say("preparing the command line: " + e.getMessage() + "; it will start more slowly");
      return 1;
    }
  }

  private static Shell quiet(Shell real, Path directory, String endpoint) {
    var environment = new HashMap<String, String>(real.environment());
    environment.put("VAULTLAYER_HOME", directory.resolve("home").toString());
    environment.put("VAULTLAYER_ENDPOINT", endpoint);
    environment.put("VAULTLAYER_TOKEN", "training");
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    return new Shell(
        nowhere,
        nowhere,
        true,
        false,
        directory,
        environment,
        real.clock(),
        real.random(),
        real.installation());
  }

  private int commands() throws IOException {
    Files.writeString(directory.resolve("train.py"), "print('step 1')\n");
    Files.writeString(directory.resolve(".vlignore"), "*.tmp\n/build/\n");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("train.py"));
    int exit = 0;
    exit += run("--help");
    exit += run("ps");
    exit += run("ps", "--json", "-a");
    exit += run("run", "--help");
    exit += run("run", "--env", "A=b", "--gpu", "cpu", "sh", "train.py");
    exit += run("run", "--detach", "--json", "sh", "train.py");
    exit += run("status", JOB);
    exit += run("status", JOB, "--json");
    exit += run("logs", JOB);
    exit += run("logs", "digits");
    exit += run("wait", JOB);
    exit += run("version", "--json");
    run("status"); // a mistake, said in our shape
    run("status", "no-such-job", "--json");
    PackedWorkdir.pack(directory, Set.of()).close();
    return exit == 0 ? 0 : 1;
  }

  private int run(String... words) {
    return new Program(shell).run(words);
  }

  private static String answer(String request, String endpoint) {
    return switch (request) {
      case "GET /v1/jobs" -> Json.render(new Lists.Jobs(List.of(job()), null));
      case "POST /v1/jobs" ->
          Json.render(
              Map.of(
                  "job", job(),
                  "upload",
                      Map.of("url", endpoint + "/put", "method", "PUT", "headers", Map.of())));
      case "PUT /put" -> "";
      case "POST /v1/estimate" ->
          Json.render(
              Map.of("offer", Map.of("provider", "local", "gpu", "cpu"), "runnersUp", List.of()));
      case "GET /v1/jobs/" + JOB + "/logs" ->
          Json.render(new Lists.Logs(List.of(new Lists.LogPiece(1, 1, "step 1\n", null)), null));
      default -> Json.render(job());
    };
  }

  private static StatusDocument job() {
    var attempt =
        new StatusDocument.Attempt(
            1,
            "local",
            "i",
            "m",
            "spot",
            0.0,
            "2026-11-20T10:00:00Z",
            "2026-11-20T10:01:00Z",
            "succeeded",
            null,
            1L,
            9L,
            null);
    return new StatusDocument(
        JOB,
        "digits",
        "succeeded",
        null,
        null,
        List.of("sh", "train.py"),
        "cpu",
        false,
        true,
        1,
        "finishing",
        9L,
        0.4,
        2.5,
        0,
        "local",
        "i",
        "m",
        new StatusDocument.Checkpoint(9, 1, "2026-11-20T10:00:59Z", 4096, 2),
        List.of(attempt),
        List.of("a warning"),
        0.0,
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:01:00Z",
        null,
        List.of());
  }

  private static void remove(Path directory) throws IOException {
    try (var tree = Files.walk(directory)) {
      for (var path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
