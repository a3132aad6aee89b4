package io.vaultlayer.aws;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * The server that the adapters' suites run against: the one named by {@code -Daws.endpoint=URL},
 * else a moto_server of our own where that program is on the PATH, else none: the suites are then
 * skipped and say why.
 */
final class Server {
  private static final String PROPERTY = "aws.endpoint";
  private static final String PROGRAM = "moto_server";
  private static final Duration START = Duration.ofSeconds(60);
  private static final AtomicInteger NAMES = new AtomicInteger();

  private static Optional<Clients> clients;

  private Server() {}

  /** Clients of the server; skips the test where there is none. */
  static synchronized Clients clients() throws Exception {
    if (clients == null) {
      clients = url().map(url -> new Clients(Endpoints.at(url, "us-east-1", "test", "test")));
      if (clients.isEmpty()) {
        System.err.println("SKIPPED: " + reason());
      }
    }
    Assumptions.assumeTrue(clients.isPresent(), Server::reason);
    return clients.get();
  }

  /** A name that no other test used. */
  static String freshName(String what) {
    return "vl-test-" + what + "-" + ProcessHandle.current().pid() + "-" + NAMES.incrementAndGet();
  }

  private static String reason() {
    return "the suites of the AWS adapters need -D" + PROPERTY + "=URL or " + PROGRAM;
  }

  private static Optional<URI> url() throws Exception {
    var named = System.getProperty(PROPERTY);
    if (named != null && !named.isBlank()) {
      return Optional.of(URI.create(named));
    }
    return onPath() ? Optional.of(start()) : Optional.empty();
  }

  private static boolean onPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, PROGRAM)));
  }

  private static URI start() throws Exception {
    int port;
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    var log = Files.createTempFile("moto", ".log");
    var process =
        new ProcessBuilder(PROGRAM, "-H", "127.0.0.1", "-p", Integer.toString(port))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, log)));
    var limit = Instant.now().plus(START);
    while (Instant.now().isBefore(limit) && process.isAlive()) {
      try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return URI.create("http://127.0.0.1:" + port);
      } catch (IOException notYet) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
    throw new IllegalStateException(PROGRAM + " did not start: " + Files.readString(log));
  }

  private static void end(Process process, Path log) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      Files.deleteIfExists(log);
    } catch (IOException leftBehind) {
      System.err.println("left behind: " + log);
    }
  }
}
