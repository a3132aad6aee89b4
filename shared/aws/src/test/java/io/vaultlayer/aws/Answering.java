package io.vaultlayer.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A server between an adapter and nothing, or the real one: it answers, fails or loses answers. */
final class Answering implements AutoCloseable {
  private static final Set<String> OF_THE_CONNECTION =
      caseless("connection", "content-length", "expect", "host", "transfer-encoding", "upgrade");

  /** What to do with the exchange numbered from 1. */
  interface Behaviour {
    void answer(HttpExchange exchange, int number) throws IOException, InterruptedException;
  }

  private final HttpServer server;
  private final AtomicInteger count = new AtomicInteger();

  Answering(Behaviour behaviour) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            behaviour.answer(exchange, count.incrementAndGet());
          } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
  }

  int count() {
    return count.get();
  }

  Clients clients() {
    return new Clients(
        Endpoints.at(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
            "us-east-1",
            "AKTEST",
            "s3cr3tkey"));
  }

  static void answer(HttpExchange exchange, int status, String body) throws IOException {
    exchange.getRequestBody().readAllBytes();
    var bytes = body.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /** Lets the target do the work; {@code tell} false loses its answer, after the work is done. */
  static void pass(HttpExchange exchange, URI target, boolean tell)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(target.resolve(exchange.getRequestURI().toString()))
            .method(
                exchange.getRequestMethod(),
                HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> {
          if (!OF_THE_CONNECTION.contains(name)) {
            values.forEach(value -> request.header(name, value));
          }
        });
    try (var client = HttpClient.newHttpClient()) {
      var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      if (!tell) {
        return; // closing the exchange without an answer breaks the connection
      }
      answer
          .headers()
          .map()
          .forEach((name, values) -> {
            if (!OF_THE_CONNECTION.contains(name)) {
              exchange.getResponseHeaders().put(name, List.copyOf(values));
            }
          });
      exchange.sendResponseHeaders(
          answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
      exchange.getResponseBody().write(answer.body());
    }
  }

  private static Set<String> caseless(String... names) {
    var set = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    set.addAll(List.of(names));
    return set;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
