package io.vaultlayer.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.StatusDocument;
import io.vaultlayer.wire.SubmitRequest;
import io.vaultlayer.wire.SubmitResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** A control plane on loopback that answers from memory; every request is kept to be looked at. */
final class FakePlane implements AutoCloseable {
  record Asked(
      String method, String path, String query, String authorization, String key, byte[] bytes) {
    String body() {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  record Answer(int status, String body) {
    static Answer of(Object document) {
      return new Answer(200, Json.render(document));
    }

    static Answer refused(int status, String code, String message) {
      return new Answer(status, Json.render(ErrorDocument.of(code, message)));
    }
  }

  static final String JOB = "job_01k9999999999999999999999a";

  final List<Asked> asked = new ArrayList<>();
  final Map<String, StatusDocument> jobs = new LinkedHashMap<>();
  final Map<String, List<Lists.LogPiece>> logs = new HashMap<>();
  final Map<String, byte[]> objects = new HashMap<>();

  /** Answers instead of the usual, by "METHOD /path"; null falls back to the usual. */
  final Map<String, Function<Asked, Answer>> routes = new HashMap<>();

  private final HttpServer server;

  FakePlane() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.createContext("/", this::handle);
    server.setExecutor(Executors.newFixedThreadPool(2));
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  synchronized List<Asked> asked(String route) {
    return asked.stream().filter(a -> route.equals(a.method() + " " + a.path())).toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    var request =
        new Asked(
            exchange.getRequestMethod(),
            exchange.getRequestURI().getPath(),
            exchange.getRequestURI().getQuery(),
            exchange.getRequestHeaders().getFirst("Authorization"),
            exchange.getRequestHeaders().getFirst("Idempotency-Key"),
            exchange.getRequestBody().readAllBytes());
    Answer answer;
    byte[] object = null;
    synchronized (this) {
      asked.add(request);
      var route = routes.get(request.method() + " " + request.path());
      answer = route == null ? null : route.apply(request);
      answer = answer == null ? usual(request) : answer;
      if (request.method().equals("GET") && objects.containsKey(request.path())) {
        object = objects.get(request.path());
      }
    }
    var bytes = object != null ? object : answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(
        object != null ? 200 : answer.status(), bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private Answer usual(Asked request) {
    var path = request.path();
    if (path.equals("/v1/jobs") && request.method().equals("GET")) {
      return Answer.of(new Lists.Jobs(List.copyOf(jobs.values()), null));
    }
    if (path.equals("/v1/jobs")) {
      var submitted = Json.parse(request.body(), SubmitRequest.class);
      var job = status(JOB, submitted.name(), "queued").build();
      jobs.putIfAbsent(JOB, job);
      var upload =
          new SubmitResponse.Upload(
              endpoint() + "/bucket/workdir.tar.gz", "PUT", Map.of("x-amz-meta-a", "b"), null);
      return Answer.of(new SubmitResponse(job, upload));
    }
    if (path.startsWith("/bucket/") && request.method().equals("PUT")) {
      objects.put(path, request.bytes());
      return new Answer(200, "");
    }
    if (path.equals("/v1/estimate")) {
      return new Answer(
          200,
          """
          {"offer":{"gpu":"cpu","count":1,"memGiB":0,"provider":"local","region":"local",
          "pricing":"spot","usdPerHour":0.0,"status":"validated"},"runnersUp":[]}\
          """);
    }
    var parts = path.split("/");
    if (path.startsWith("/v1/jobs/") && parts.length >= 4 && jobs.containsKey(parts[3])) {
      var job = jobs.get(parts[3]);
      var rest = parts.length > 4 ? parts[4] : "";
      return switch (rest) {
        case "" -> Answer.of(job);
        case "logs" -> logs(parts[3], request.query());
        case "start", "cancel", "resume", "simulate-instance-death" -> Answer.of(job);
        default -> Answer.refused(404, "not_found", "asking for " + path + ": not there; look");
      };
    }
    return Answer.refused(404, "no_such_job", "finding " + path + ": unknown; list them");
  }

  private Answer logs(String job, String query) {
    var attempt = query.replaceAll("(?s).*attempt=(\\d+).*", "$1");
    var found =
        logs.getOrDefault(job, List.of()).stream()
            .filter(p -> attempt.equals(query) || attempt.equals("" + p.attempt()))
            .toList();
    return Answer.of(new Lists.Logs(found, null));
  }

  /** A status document with the given id, name and state; everything else is plausible. */
  static StatusBuilder status(String id, String name, String state) {
    return new StatusBuilder(id, name, state);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
