package io.vaultlayer.agent.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.aws.R2Account;
import io.vaultlayer.aws.R2JobCredentials;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import io.vaultlayer.wire.AttemptApi.S3Key;
import io.vaultlayer.wire.BucketLayout;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The fake lets in what it should, and nothing else: otherwise the tests in front of it say little.
 */
class R2DoorTest {
  private static final String JOB = "job_01jd8w3v5n8m2q4r6t0v2x4z6a";
  private static final String KEY = BucketLayout.checkpoint(JOB, 1, 5) + "w.bin";
  private static final String SECRET = "3c".repeat(32);
  private static final Duration LIFE = Duration.ofMinutes(15);

  private final R2Door door = new R2Door("accountid1", "parentkey1", SECRET, false);
  private LoopbackBucket bucket;

  @BeforeEach
  void open() throws IOException {
    bucket = new LoopbackBucket(Optional.of(door), LoopbackObjects.Manners.OF_R2);
    bucket.objects().put(KEY, new byte[] {1});
  }

  @AfterEach
  void close() {
    bucket.close();
  }

  @Test
  void letsInWhatTheIssuerMade() throws Exception {
    assertThat(store(minted("accountid1", "parentkey1", SECRET, bucket.endpoint())).read(KEY, 5))
        .hasSize(1);
  }

  @Test
  void letsInAnotherMakersClientWithTheSameKeys() {
    var minted = minted("accountid1", "parentkey1", SECRET, bucket.endpoint());
    var read = minted.read();
    try (var reader = client(read.accessKeyId(), read.secretAccessKey(), read.sessionToken());
        var writer =
            client(minted.accessKeyId(), minted.secretAccessKey(), minted.sessionToken())) {
      byte[] content =
          reader.getObjectAsBytes(get -> get.bucket(LoopbackBucket.BUCKET).key(KEY)).asByteArray();
      assertThat(content).containsExactly(1);
      writer.putObject(
          put -> put.bucket(LoopbackBucket.BUCKET).key(KEY + " ü").ifNoneMatch("*"),
          RequestBody.fromString("new"));
      assertThat(bucket.objects().get(KEY + " ü")).asString().isEqualTo("new");
      assertThatThrownBy(
              () -> writer.deleteObject(delete -> delete.bucket(LoopbackBucket.BUCKET).key(KEY)))
          .isInstanceOfSatisfying(
              S3Exception.class, refused -> assertThat(refused.statusCode()).isEqualTo(403));
      assertThatThrownBy(() ->
              reader.putObject(
                  put -> put.bucket(LoopbackBucket.BUCKET).key(KEY + "3"),
                  RequestBody.fromString("new")))
          .isInstanceOfSatisfying(
              S3Exception.class, refused -> assertThat(refused.statusCode()).isEqualTo(403));
    }
    assertThat(bucket.objects()).containsOnlyKeys(KEY, KEY + " ü");
  }

  @Test
  void keepsOutATokenThatIsNotExactlyRight() {
    String here = bucket.endpoint();
    var good = minted("accountid1", "parentkey1", SECRET, here);
    for (var wrong :
        List.of(
            minted("accountid2", "parentkey1", SECRET, here),
            minted("accountid1", "parentkey2", SECRET, here),
            minted("accountid1", "parentkey1", "4d".repeat(32), here),
            at(minted("accountid1", "parentkey1", SECRET, "http://127.0.0.1:1"), here),
            reading(good, key -> new S3Key(key.accessKeyId(), SECRET, key.sessionToken())),
            reading(good, key -> new S3Key(key.accessKeyId(), key.secretAccessKey(), "")),
            reading(
                good, key -> new S3Key(key.accessKeyId(), key.secretAccessKey(), wider(key))))) {
      assertThatThrownBy(() -> store(wrong).read(KEY, 5))
          .isInstanceOf(StoreException.AccessRefused.class);
    }
    door.pass(LIFE.toSeconds() + 1);
    assertThatThrownBy(() -> store(good).read(KEY, 5))
        .isInstanceOf(StoreException.AccessRefused.class);
    assertThat(door.letIn()).isEmpty();
  }

  @Test
  void listsAndOverwritesForNobodyButHasTheObject() throws Exception {
    var store = store(minted("accountid1", "parentkey1", SECRET, bucket.endpoint()));
    assertThatThrownBy(() -> store.list("jobs/" + JOB + "/", Optional.empty(), 10))
        .isInstanceOf(StoreException.AccessRefused.class);
    assertThatThrownBy(() -> store.putIfAbsent(KEY, Body.of(new byte[] {2})))
        .isInstanceOf(StoreException.AlreadyThere.class);
    assertThat(store.head(KEY).orElseThrow().bytes()).isEqualTo(1);
  }

  @Test
  void refusesPartsOfUnequalSizes() throws Exception {
    var store = store(minted("accountid1", "parentkey1", SECRET, bucket.endpoint()));
    String key = KEY + "2";
    String upload = store.createMultipart(key);
    var parts =
        List.of(
            store.uploadPart(key, upload, 1, Body.of(new byte[5])),
            store.uploadPart(key, upload, 2, Body.of(new byte[6])),
            store.uploadPart(key, upload, 3, Body.of(new byte[5])));
    assertThat(store.listParts(key, upload)).as("with the key that writes").hasSize(3);
    assertThatThrownBy(() -> store.completeMultipart(key, upload, parts, true))
        .isInstanceOf(StoreException.Refused.class)
        .hasMessageContaining("InvalidPart");
    store.completeMultipart(key, upload, List.of(parts.getFirst(), parts.getLast()), true);
    assertThat(bucket.objects().get(key)).hasSize(10);
  }

  private S3Objects store(S3Credentials credentials) {
    return bucket.store(new Stop(), () -> credentials);
  }

  /** The settings that Cloudflare asks for. */
  private S3Client client(String accessKeyId, String secret, String sessionToken) {
    return S3Client.builder()
        .endpointOverride(URI.create(bucket.endpoint()))
        .region(Region.of("auto"))
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        .credentialsProvider(
            StaticCredentialsProvider.create(
                AwsSessionCredentials.create(accessKeyId, secret, sessionToken)))
        .serviceConfiguration(
            S3Configuration.builder()
                .pathStyleAccessEnabled(true)
                .chunkedEncodingEnabled(false)
                .build())
        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
        .build();
  }

  private static S3Credentials minted(
      String account, String parent, String secret, String endpoint) {
    JobCredentials.Issued issued =
        new R2JobCredentials(
                new R2Account(URI.create(endpoint), account, parent),
                () -> secret,
                InstantSource.fixed(Instant.now()),
                LoopbackBucket.BUCKET)
            .issue(new JobId(JOB), 1, LIFE);
    return R2Door.told(issued);
  }

  private static S3Credentials at(S3Credentials c, String endpoint) {
    return changed(c, endpoint, c.read());
  }

  private static S3Credentials reading(S3Credentials c, UnaryOperator<S3Key> change) {
    return changed(c, c.endpoint(), change.apply(c.read()));
  }

  private static S3Credentials changed(S3Credentials c, String endpoint, S3Key read) {
    return new S3Credentials(
        endpoint,
        c.region(),
        c.bucket(),
        c.accessKeyId(),
        c.secretAccessKey(),
        c.sessionToken(),
        c.prefix(),
        c.expiresAt(),
        read);
  }

  /** The token with more in it, under its old signature. */
  private static String wider(S3Key key) {
    String jwt =
        new String(Base64.getDecoder().decode(key.sessionToken()), StandardCharsets.US_ASCII);
    String[] parts = jwt.split("\\.");
    String claims = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
    parts[1] =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                claims.replace("\"GetObject\"", "\"GetObject\",\"PutObject\"").getBytes());
    return Base64.getEncoder().encodeToString(String.join(".", parts).getBytes());
  }
}
