package io.vaultlayer.agent.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the way to a store does to bodies and answers. */
class WireTest {
  @TempDir Path directory;
  private final Stop stop = new Stop();

  @Test
  void aStoreThatTakesNothingIsNotWaitedForForEver() throws Exception {
    try (var silent = new Silent()) {
      S3Objects store = store(silent.port(), Duration.ofMillis(300));
      byte[] large = new byte[64 << 20];
      assertThatThrownBy(() -> store.put("k", Body.of(ByteBuffer.wrap(large), 0)))
          .isInstanceOf(StoreException.Unreachable.class);
    }
  }

  @Test
  void aStoreThatAnswersNothingIsNotWaitedForForEver() throws Exception {
    try (var silent = new Silent()) {
      S3Objects store = store(silent.port(), Duration.ofMillis(300));
      assertThatThrownBy(() -> store.head("k")).isInstanceOf(StoreException.Unreachable.class);
    }
  }

  @Test
  void aStopIsHeardWhileAStoreTakesNothing() throws Exception {
    try (var silent = new Silent()) {
      S3Objects store = store(silent.port(), Duration.ofSeconds(60));
      Thread.ofVirtual()
          .start(() -> {
            try {
              Thread.sleep(200);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            stop.pull();
          });
      assertThatThrownBy(() -> store.head("k")).isInstanceOf(StoreException.Stopped.class);
    }
  }

  @Test
  void aBodyThatWasDamagedOnItsWayIsSentAgain() throws Exception {
    try (var bucket = new LoopbackBucket()) {
      var left = new AtomicInteger(2);
      bucket.faults(call -> left.getAndDecrement() > 0 ? Fault.DAMAGED : Fault.NONE);
      byte[] content = random(100_000);
      bucket.store(stop).putIfAbsent("k", Body.of(ByteBuffer.wrap(content), crc32(content)));
      assertThat(bucket.objects().get("k")).isEqualTo(content);
      assertThat(bucket.calls()).hasSize(3);
    }
  }

  @Test
  void aStoreWithoutChecksumsIsServedWithoutThem() throws Exception {
    try (var bucket = new LoopbackBucket()) {
      bucket.faults(call -> Fault.NO_CHECKSUMS);
      S3Objects store = bucket.store(stop);
      byte[] content = random(1_000);
      store.putIfAbsent("k", Body.of(ByteBuffer.wrap(content), crc32(content)));
      String id = store.createMultipart("l");
      var part = store.uploadPart("l", id, 1, Body.of(ByteBuffer.wrap(content), crc32(content)));
      store.completeMultipart("l", id, List.of(part), true);
      assertThat(bucket.objects().get("k")).isEqualTo(content);
      assertThat(bucket.objects().get("l")).isEqualTo(content);
      assertThat(bucket.calls()).as("asked once").hasSize(5);
    }
  }

  @Test
  void aConnectionThatTheStoreClosedMeanwhileCostsNoTry() throws Exception {
    try (var closing = new Closing()) {
      S3Objects store = store(closing.port(), Duration.ofSeconds(5));
      for (int i = 0; i < 5; i++) {
        assertThat(store.head("k").orElseThrow().bytes()).isEqualTo(7);
        Thread.sleep(20);
      }
    }
  }

  @Test
  void whatGoesOutKeepsToItsRate() throws Exception {
    try (var bucket = new LoopbackBucket()) {
      var store =
          new S3Objects(
              bucket::credentials,
              stop,
              new Throttle(4e6),
              Tries.USUAL,
              () -> System.currentTimeMillis() / 1000);
      byte[] content = random(3_000_000);
      long began = System.nanoTime();
      store.put("k", Body.of(ByteBuffer.wrap(content), crc32(content)));
      // Three quarters of a second of bytes, of which a quarter may go at once.
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(450));
    }
  }

  @Test
  void aCertificateMustBeTrustedAndMadeOutToTheHost() throws Exception {
    SSLContext context = certificate("localhost");
    var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write(new byte[] {'o', 'k'});
          exchange.close();
        });
    server.start();
    try {
      var to = server.getAddress();
      var factory = context.getSocketFactory();
      try (Wire wire = TlsWire.open(to, "localhost", 5_000, factory)) {
        wire.write(
            ByteBuffer.wrap(
                "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        var answer = new Answer(wire);
        answer.readHead(false);
        var body = ByteBuffer.allocate(10);
        while (answer.read(body) >= 0) {
          // Until its end.
        }
        assertThat(new String(body.array(), 0, body.position(), StandardCharsets.US_ASCII))
            .isEqualTo("ok");
        assertThat(answer.leavesWireUsable()).isTrue();
      }
      assertThatThrownBy(() -> TlsWire.open(to, "elsewhere.example", 5_000, factory))
          .isInstanceOf(SSLException.class);
      assertThatThrownBy(() -> TlsWire.open(to, "localhost", 5_000))
          .as("signed by nobody")
          .isInstanceOf(SSLException.class);
    } finally {
      server.stop(0);
    }
  }

  private SSLContext certificate(String host) throws Exception {
    Path keys = directory.resolve("keys.p12");
    var keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "a",
                "-dname",
                "CN=" + host,
                "-ext",
                "SAN=dns:" + host,
                "-storetype",
                "PKCS12",
                "-storepass",
                "secret",
                "-keystore",
                keys.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("keytool.log").toFile())
            .start();
    assertThat(keytool.waitFor()).isZero();
    var store = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(keys)) {
      store.load(in, "secret".toCharArray());
    }
    var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(store, "secret".toCharArray());
    var trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(store);
    var context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
    return context;
  }

  private S3Objects store(int port, Duration silence) {
    var credentials =
        new S3Credentials(
            "http://127.0.0.1:" + port, "r", "b", "AK", "SK", "", "jobs/", "2030-01-01T00:00:00Z");
    var pace = new Tries.Pace(2, Duration.ofMillis(5), Duration.ofMillis(20), silence);
    return new S3Objects(() -> credentials, stop, Throttle.NONE, pace, () -> 1_800_000_000L);
  }

  private static byte[] random(int bytes) {
    byte[] content = new byte[bytes];
    new Random(bytes).nextBytes(content);
    return content;
  }

  private static long crc32(byte[] content) {
    var crc = new CRC32();
    crc.update(content);
    return crc.getValue();
  }

  /** Accepts connections, and neither reads nor writes. */
  private static final class Silent implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> held = new ArrayList<>();

    Silent() throws IOException {
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                held.add(server.accept());
              }
            } catch (IOException e) {
              // Closed.
            }
          });
    }

    int port() {
      return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      server.close();
      for (Socket socket : held) {
        socket.close();
      }
    }
  }

  /** Answers one request on each connection as if another could follow, and closes it. */
  private static final class Closing implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    Closing() throws IOException {
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                try (Socket socket = server.accept()) {
                  socket.getInputStream().read(new byte[4096]);
                  socket
                      .getOutputStream()
                      .write(
                          "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n"
                              .getBytes(StandardCharsets.US_ASCII));
                }
              }
            } catch (IOException e) {
              // Closed.
            }
          });
    }

    int port() {
      return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
