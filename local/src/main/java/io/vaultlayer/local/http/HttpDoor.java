package io.vaultlayer.local.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.function.FunctionHost;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.Template;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * The HTTP API on loopback. Routes that want a signature on AWS want the plane's local token here;
 * every refusal has the error document's shape.
 */
public final class HttpDoor implements AutoCloseable {
  /** As much as Lambda takes in one invocation. */
  static final int MOST_BODY = 6 << 20;

  /** Read and thrown away of a body that is refused anyway. */
  private static final long MOST_DRAINED = 64L << 20;

  private static final int MOST_AT_A_TIME = 64;
  private static final int BACKLOG = 128;
  private static final int STOP_SECONDS = 1;

  private final HttpServer server;
  private final ExecutorService threads;
  private final Semaphore free = new Semaphore(MOST_AT_A_TIME);
  private final Routes routes;
  private final List<AdminRoute> admin;
  private final FunctionHost host;
  private final byte[] token;
  private final InstantSource clock;
  private final PlaneLog log;

  /**
   * @throws PlaneRefused when the port is taken
   */
  public HttpDoor(
      int port,
      List<Template.Function> functions,
      List<AdminRoute> admin,
      FunctionHost host,
      String token,
      InstantSource clock,
      PlaneLog log) {
    this.routes = new Routes(functions);
    this.admin = List.copyOf(admin);
    this.host = host;
    this.token = token.getBytes(StandardCharsets.UTF_8);
    this.clock = clock;
    this.log = log;
    try {
      server =
          HttpServer.create(
              new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), BACKLOG);
    } catch (IOException e) {
      throw new PlaneRefused("port_taken", "listening on port " + port + ": " + e.getMessage(), e);
    }
    threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("http-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/", this::serve);
  }

  public void start() {
    server.start();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!free.tryAcquire()) {
        send(exchange, busy());
        return;
      }
      try {
        var answer = answer(exchange);
        drain(exchange);
        send(exchange, answer);
      } catch (RuntimeException e) {
        log.error("request", Map.of("path", exchange.getRequestURI().getRawPath()), e);
        send(
            exchange,
            Answer.error(
                500, "internal", doing(exchange) + ": the plane failed; its log says why"));
      } finally {
        free.release();
      }
    }
  }

  private Answer answer(HttpExchange exchange) throws IOException {
    var path = exchange.getRequestURI().getRawPath();
    if (path == null || !path.startsWith("/")) {
      return Answer.error(400, "malformed", "reading the request: its path is none");
    }
    var own = admin.stream().filter(r -> r.fits(path)).toList();
    if (!own.isEmpty()) {
      return admin(exchange, own, path);
    }
    try {
      var match = routes.find(exchange.getRequestMethod(), path);
      if (match.isPresent()) {
        return invoke(exchange, match.get());
      }
      var methods = routes.methods(path);
      return methods.isEmpty()
          ? Answer.error(404, "no_such_route", doing(exchange) + ": there is no such route")
          : notAllowed(exchange, String.join(", ", methods));
    } catch (IllegalArgumentException e) {
      return Answer.error(400, "malformed", doing(exchange) + ": " + e.getMessage());
    }
  }

  private Answer admin(HttpExchange exchange, List<AdminRoute> own, String path) {
    for (var route : own) {
      if (route.method().equals(exchange.getRequestMethod())) {
        if (!route.open() && !authorised(exchange)) {
          return unauthenticated(exchange);
        }
        return route
            .handler()
            .answer(route.path().endsWith("/") ? path.substring(route.path().length()) : "");
      }
    }
    return notAllowed(exchange, own.getFirst().method());
  }

  private Answer invoke(HttpExchange exchange, Routes.Match match) throws IOException {
    if (match.route().signed() && !authorised(exchange)) {
      return unauthenticated(exchange);
    }
    var body = exchange.getRequestBody().readNBytes(MOST_BODY + 1);
    if (body.length > MOST_BODY) {
      return Answer.error(
          413, "too_large", doing(exchange) + ": the body has more than 6 MiB; send less");
    }
    try {
      var event = GatewayEvent.of(exchange, match, body, clock.instant());
      return Answer.of(host.invoke(match.function().name(), event));
    } catch (FunctionHost.Crashed e) {
      return e.busy()
          ? busy()
          : Answer.error(500, "internal", doing(exchange) + ": " + e.getMessage());
    }
  }

  private boolean authorised(HttpExchange exchange) {
    var header = exchange.getRequestHeaders().getFirst("Authorization");
    if (header == null || !header.regionMatches(true, 0, "Bearer ", 0, 7)) {
      return false;
    }
    return MessageDigest.isEqual(
        token, header.substring(7).strip().getBytes(StandardCharsets.UTF_8));
  }

  private static Answer unauthenticated(HttpExchange exchange) {
    return Answer.error(
            401,
            "unauthenticated",
            doing(exchange)
                + ": the local token is missing or wrong; vl reads it from the token file")
        .with("www-authenticate", "Bearer");
  }

  private static Answer notAllowed(HttpExchange exchange, String methods) {
    return Answer.error(405, "wrong_method", doing(exchange) + ": this path takes only " + methods)
        .with("allow", methods);
  }

  private static Answer busy() {
    return Answer.error(
            429, "busy", "calling the plane: too many requests at a time; try again in a second")
        .with("retry-after", "1");
  }

  private static String doing(HttpExchange exchange) {
    return exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath();
  }

  /** Reads what the caller still sends: one that is cut off never sees the answer. */
  private static void drain(HttpExchange exchange) throws IOException {
    var rest = exchange.getRequestBody();
    var buffer = new byte[8192];
    long left = MOST_DRAINED;
    int count;
    while (left > 0 && (count = rest.read(buffer)) >= 0) {
      left -= count;
    }
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    var headers = exchange.getResponseHeaders();
    answer.headers().forEach(headers::set);
    boolean empty = answer.body().length == 0 || exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.status(), empty ? -1 : answer.body().length);
    if (!empty) {
      exchange.getResponseBody().write(answer.body());
    }
  }

  /** Takes no more requests and ends those that are left after a second. */
  @Override
  public void close() {
    server.stop(STOP_SECONDS);
    threads.shutdownNow();
  }
}
