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

  /**
   * Its conditional writes look and then write, with no lock between, and answer many requests at
   * once: on a busy machine two writers of one version both win, which DynamoDB never lets happen.
   * A thread that is not interrupted between two instructions does it at once.
   */
  private static final String UNDIVIDED = "import sys\nsys.setswitchinterval(60)\n";

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
    var customs = Files.createTempDirectory("moto");
    Files.writeString(customs.resolve("sitecustomize.py"), UNDIVIDED);
    var builder =
        new ProcessBuilder(PROGRAM, "-H", "127.0.0.1", "-p", Integer.toString(port))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("PYTHONPATH", customs.toString());
    var process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, log, customs)));
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

  private static void end(Process process, Path log, Path customs) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      Files.deleteIfExists(log);
      Files.deleteIfExists(customs.resolve("sitecustomize.py"));
      Files.deleteIfExists(customs);
    } catch (IOException leftBehind) {
      System.err.println("left behind: " + log);
    }
  }
}
