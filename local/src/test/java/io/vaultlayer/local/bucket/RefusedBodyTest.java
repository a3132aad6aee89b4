package io.vaultlayer.local.bucket;

import static io.vaultlayer.local.bucket.BucketFixture.checkpoint;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.S3Objects;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** Who sends a large body and is refused reads the refusal, and not that the connection is gone. */
@Timeout(300)
class RefusedBodyTest {
  private static final int TIMES = 30;
  private static final byte[] BODY = new byte[4 << 20];

  @TempDir static Path directory;
  private static BucketFixture fixture;
  private static JobId mine;
  private static String foreign;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BucketFixture(directory);
    mine = BucketFixture.job();
    foreign = checkpoint(BucketFixture.job(), 1, "file.bin");
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  /** A client as simple as there can be: it sends all that it has, and then reads. */
  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 4194304", "Transfer-Encoding: chunked"})
  void aPlainClient(String framing) throws IOException {
    var statuses = new ArrayList<String>();
    for (int n = 0; n < TIMES; n++) {
      try (var socket = socket()) {
        statuses.add(refused(socket, "/" + fixture.bucket + "/" + foreign, framing));
      }
    }
    assertThat(statuses).hasSize(TIMES).containsOnly("HTTP/1.1 403 Forbidden");
  }

  @Test
  void theConnectionIsKeptWhereTheWholeBodyCame() throws IOException {
    try (var socket = socket()) {
      for (int n = 0; n < 5; n++) {
        assertThat(refused(socket, "/" + fixture.bucket + "/" + foreign, "Content-Length: 4194304"))
            .isEqualTo("HTTP/1.1 403 Forbidden");
      }
    }
  }

  @Test
  void aKeyThatLeadsElsewhere() throws IOException {
    for (int n = 0; n < TIMES; n++) {
      try (var socket = socket()) {
        assertThat(
                refused(
                    socket,
                    "/" + fixture.bucket + "/jobs/" + mine + "/../x",
                    "Content-Length: 4194304"))
            .startsWith("HTTP/1.1 4");
      }
    }
  }

  @Test
  void amazonsClientOfTheJdk() {
    try (var s3 =
        S3Client.builder()
            .endpointOverride(fixture.server.endpoint())
            .region(Region.of(LocalNames.REGION))
            .forcePathStyle(true)
            .httpClient(UrlConnectionHttpClient.create())
            .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
            .credentialsProvider(
                StaticCredentialsProvider.create(
                    // Refused by its name alone; a known one's body is read for its signature.
                    AwsSessionCredentials.create("nobody", "secret", "token")))
            .build()) {
      for (int n = 0; n < TIMES; n++) {
        assertThat(
                BucketFixture.status(() ->
                    s3.putObject(
                        r -> r.bucket(fixture.bucket).key(foreign), RequestBody.fromBytes(BODY))))
            .isEqualTo(403);
      }
    }
  }

  @Test
  void theAgentsClient() {
    var issued = fixture.issue(mine, 1);
    var credentials =
        new S3Credentials(
            fixture.server.endpoint().toString(),
            LocalNames.REGION,
            fixture.bucket,
            issued.accessKeyId(),
            issued.secretAccessKey(),
            issued.sessionToken(),
            "jobs/" + mine + "/",
            issued.expiresAt().toString());
    var store = new S3Objects(() -> credentials, new Stop());
    for (int n = 0; n < TIMES; n++) {
      assertThatThrownBy(() -> store.put(foreign, Body.of(BODY)))
          .isInstanceOf(StoreException.AccessRefused.class);
    }
  }

  @Test
  void whoNeverStopsSendingIsCut() throws IOException {
    try (var socket = socket()) {
      var out = socket.getOutputStream();
      out.write(head("/" + fixture.bucket + "/" + foreign, "Transfer-Encoding: chunked"));
      assertThatThrownBy(
              () -> {
                while (true) {
                  chunk(out);
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void whoSendsByteByByteIsCutAfterAWhile() throws Exception {
    try (var socket = socket()) {
      var out = socket.getOutputStream();
      out.write(head("/" + fixture.bucket + "/" + foreign, "Content-Length: 4194304"));
      for (int n = 0; n < 1000 && socket.getInputStream().available() == 0; n++) {
        out.write(0);
        fixture.ahead = fixture.ahead.plus(UnreadBody.LONGEST.dividedBy(10));
        Thread.sleep(20);
      }
      assertThat(answer(socket.getInputStream())).isEqualTo("HTTP/1.1 403 Forbidden");
      assertThat(isOpen(socket)).isFalse();
    } finally {
      fixture.ahead = Duration.ZERO;
    }
  }

  private static Socket socket() throws IOException {
    var endpoint = fixture.server.endpoint();
    var socket = new Socket(endpoint.getHost(), endpoint.getPort());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static boolean isOpen(Socket socket) {
    try {
      return socket.getInputStream().read() >= 0;
    } catch (java.net.SocketTimeoutException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static byte[] head(String path, String framing) {
    return ("PUT " + path + " HTTP/1.1\r\nHost: bucket\r\n" + framing + "\r\n\r\n")
        .getBytes(ISO_8859_1);
  }

  private static void chunk(java.io.OutputStream out) throws IOException {
    out.write("400000\r\n".getBytes(ISO_8859_1));
    out.write(BODY);
    out.write("\r\n".getBytes(ISO_8859_1));
  }

  /** The status line that answers a body of 4 MiB. */
  private static String refused(Socket socket, String path, String framing) throws IOException {
    var out = socket.getOutputStream();
    out.write(head(path, framing));
    if (framing.endsWith("chunked")) {
      chunk(out);
      out.write("0\r\n\r\n".getBytes(ISO_8859_1));
    } else {
      out.write(BODY);
    }
    return answer(socket.getInputStream());
  }

  /** Reads one whole answer and returns its first line. */
  private static String answer(InputStream in) throws IOException {
    var first = line(in);
    int length = 0;
    for (var next = line(in); !next.isEmpty(); next = line(in)) {
      if (next.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(next.substring(15).strip());
      } else if (next.equalsIgnoreCase("transfer-encoding: chunked")) {
        length = -1;
      }
    }
    while (length < 0) {
      int bytes = Integer.parseInt(line(in), 16);
      in.readNBytes(bytes + 2);
      length = bytes == 0 ? 0 : -1;
    }
    in.readNBytes(length);
    return first;
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the connection ended in the middle of an answer: " + line);
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
