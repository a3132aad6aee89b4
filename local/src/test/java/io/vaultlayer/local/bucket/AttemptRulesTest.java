package io.vaultlayer.local.bucket;

import static io.vaultlayer.local.bucket.BucketFixture.MINE;
import static io.vaultlayer.local.bucket.BucketFixture.OTHER;
import static io.vaultlayer.local.bucket.BucketFixture.checkpoint;
import static io.vaultlayer.local.bucket.BucketFixture.status;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.Delete;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;

/** With one attempt's credentials, only what is the attempt's own can be touched. */
class AttemptRulesTest {
  private static final RequestBody BODY = RequestBody.fromString("content");

  @TempDir Path directory;
  private BucketFixture fixture;
  private S3Client mine;
  private S3Client other;
  private String bucket;

  @BeforeEach
  void start() throws Exception {
    fixture = new BucketFixture(directory);
    bucket = fixture.bucket;
    mine = fixture.client(MINE, 2);
    other = fixture.client(OTHER, 1);
    put(other, checkpoint(OTHER, 1, "secret.bin"));
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void anAttemptWritesReadsAndListsWhatIsItsOwn() {
    var key = checkpoint(MINE, 2, "model.bin");
    assertThat(put(mine, key)).isEqualTo(200);
    assertThat(put(mine, "jobs/%s/logs/e00000002/00000001.log".formatted(MINE))).isEqualTo(200);
    assertThat(put(mine, "jobs/%s/outputs/e00000002/a/b.txt".formatted(MINE))).isEqualTo(200);
    assertThat(get(mine, key)).isEqualTo(200);
    assertThat(
            mine.getObjectAsBytes(r -> r.bucket(bucket).key(key).range("bytes=3-6")).asUtf8String())
        .isEqualTo("tent");
    assertThat(status(() -> mine.headObject(r -> r.bucket(bucket).key(key)))).isEqualTo(200);
    assertThat(mine.listObjectsV2(r -> r.bucket(bucket).prefix("jobs/" + MINE + "/")).contents())
        .hasSize(3);
  }

  @Test
  void aLaterEpochReadsWhatAnEarlierOneWrote() {
    var earlier = fixture.client(MINE, 1);
    put(earlier, checkpoint(MINE, 1, "model.bin"));
    assertThat(get(mine, checkpoint(MINE, 1, "model.bin"))).isEqualTo(200);
    assertThat(put(mine, checkpoint(MINE, 1, "more.bin"))).isEqualTo(403);
  }

  @Test
  void anotherJobIsOutOfReach() {
    var key = checkpoint(OTHER, 1, "secret.bin");
    assertThat(get(mine, key)).isEqualTo(403);
    assertThat(status(() -> mine.headObject(r -> r.bucket(bucket).key(key)))).isEqualTo(403);
    assertThat(put(mine, checkpoint(OTHER, 1, "planted.bin"))).isEqualTo(403);
    assertThat(
            status(() ->
                mine.copyObject(r ->
                    r.sourceBucket(bucket)
                        .sourceKey(key)
                        .destinationBucket(bucket)
                        .destinationKey(checkpoint(MINE, 2, "stolen.bin")))))
        .isEqualTo(403);
    assertThat(
            status(() ->
                mine.createMultipartUpload(
                    r -> r.bucket(bucket).key(checkpoint(OTHER, 1, "big.bin")))))
        .isEqualTo(403);
    assertThat(list(mine, "jobs/" + OTHER + "/")).isEqualTo(403);
  }

  @Test
  void listingOutsideTheJobIsRefused() {
    for (var prefix :
        new String[] {
          "", "jobs/", "jobs/" + MINE, "jobs/" + MINE + "/../" + OTHER + "/", "jobs/" + MINE + "/.."
        }) {
      assertThat(list(mine, prefix)).as(prefix).isEqualTo(403);
    }
    assertThat(status(() -> mine.listObjectsV2(r -> r.bucket(bucket)))).isEqualTo(403);
    assertThat(status(() -> mine.listObjects(r -> r.bucket(bucket).prefix("jobs/"))))
        .isEqualTo(403);
    assertThat(status(() -> mine.listBuckets())).isEqualTo(403);
    assertThat(status(() -> mine.listMultipartUploads(r -> r.bucket(bucket)))).isEqualTo(403);
  }

  @Test
  void nothingIsDeletedByAnAttempt() {
    var key = checkpoint(MINE, 2, "model.bin");
    put(mine, key);
    assertThat(status(() -> mine.deleteObject(r -> r.bucket(bucket).key(key)))).isEqualTo(403);
    assertThat(
            status(() ->
                mine.deleteObjects(r ->
                    r.bucket(bucket)
                        .delete(
                            Delete.builder()
                                .objects(ObjectIdentifier.builder().key(key).build())
                                .build()))))
        .isEqualTo(403);
    assertThat(status(() -> mine.deleteBucket(r -> r.bucket(bucket)))).isEqualTo(403);
    assertThat(get(mine, key)).isEqualTo(200);
  }

  @Test
  void keysThatWalkAreRefused() throws Exception {
    var secret = checkpoint(OTHER, 1, "secret.bin");
    for (var key :
        new String[] {
          "jobs/" + MINE + "/../" + OTHER + "/checkpoints/e00000001/step-000000000005/secret.bin",
          "jobs/" + MINE + "/./x",
          "jobs/" + MINE + "//x",
          "jobs/" + MINE + "/checkpoints/e00000002/../../../" + OTHER + "/x",
          "../identities.db",
          "jobs/" + MINE + "/../../../identities.db"
        }) {
      assertThat(get(mine, key)).as(key).isIn(400, 403);
      assertThat(put(mine, key)).as(key).isIn(400, 403);
    }
    assertThat(get(other, secret)).isEqualTo(200);
    assertThat(Files.exists(directory.resolve("bucket").resolve("identities.db"))).isFalse();
  }

  @Test
  void aNameThatNoFileCouldHaveIsSaidToBeTooLong() {
    assertThat(put(mine, checkpoint(MINE, 2, "x".repeat(200)))).isEqualTo(200);
    assertThat(put(mine, checkpoint(MINE, 2, "x".repeat(201)))).isEqualTo(400);
    assertThat(put(mine, checkpoint(MINE, 2, "ä".repeat(101)))).isEqualTo(400);
  }

  @Test
  void otherBucketsAndSettingsAreOutOfReach() {
    assertThat(status(() -> mine.createBucket(r -> r.bucket("mine-too")))).isEqualTo(403);
    assertThat(get(mine, checkpoint(MINE, 2, "x"), "other-bucket")).isIn(403, 404);
    assertThat(status(() -> mine.getBucketAcl(r -> r.bucket(bucket)))).isEqualTo(403);
    assertThat(
            status(() ->
                mine.putObjectAcl(
                    r -> r.bucket(bucket).key(checkpoint(MINE, 2, "x")).acl("public-read"))))
        .isIn(403, 404);
  }

  @Test
  void wrongSecretsAndUnsignedRequestsAreRefused() throws Exception {
    var issued = fixture.issue(MINE, 2);
    var key = checkpoint(MINE, 2, "model.bin");
    put(mine, key);
    assertThat(get(fixture.client(issued.accessKeyId(), "wrong", "token"), key)).isEqualTo(403);
    assertThat(get(fixture.client("VLANOBODY", "wrong", "token"), key)).isEqualTo(403);
    var url = URI.create(fixture.server.endpoint() + "/" + bucket + "/" + key);
    try (var http = HttpClient.newHttpClient()) {
      for (var request :
          new HttpRequest[] {
            HttpRequest.newBuilder(url).build(),
            HttpRequest.newBuilder(url).PUT(HttpRequest.BodyPublishers.ofString("x")).build(),
            HttpRequest.newBuilder(url).DELETE().build(),
            HttpRequest.newBuilder(URI.create(fixture.server.endpoint() + "/" + bucket)).build()
          }) {
        assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
            .as(request.toString())
            .isEqualTo(403);
      }
    }
  }

  @Test
  void credentialsEndWithTheirTime() {
    put(mine, checkpoint(MINE, 2, "model.bin"));
    fixture.ahead = Duration.ofMinutes(14);
    assertThat(get(mine, checkpoint(MINE, 2, "model.bin"))).isEqualTo(200);
    fixture.ahead = Duration.ofMinutes(16);
    assertThat(get(mine, checkpoint(MINE, 2, "model.bin"))).isEqualTo(403);
    assertThat(put(mine, checkpoint(MINE, 2, "late.bin"))).isEqualTo(403);
  }

  @Test
  void aFencedAttemptIsRefusedAtOnce() {
    put(mine, checkpoint(MINE, 2, "model.bin"));
    fixture.fenced.add(MINE + "/2");
    assertThat(get(mine, checkpoint(MINE, 2, "model.bin"))).isEqualTo(403);
    assertThat(put(mine, checkpoint(MINE, 2, "late.bin"))).isEqualTo(403);
    assertThat(list(mine, "jobs/" + MINE + "/")).isEqualTo(403);
  }

  @Test
  void anUploadThatStreamsWhileItsAttemptIsFencedLeavesNoObject() {
    var key = checkpoint(MINE, 2, "torn.bin");
    var body =
        RequestBody.fromContentProvider(
            () ->
                new java.io.InputStream() {
                  private int left = 200_000;

                  @Override
                  public int read() {
                    if (left == 1_000) {
                      fixture.fenced.add(MINE + "/2");
                    }
                    return left-- > 0 ? 'x' : -1;
                  }
                },
            200_000,
            "application/octet-stream");
    assertThat(status(() -> mine.putObject(r -> r.bucket(bucket).key(key), body))).isEqualTo(403);
    fixture.fenced.clear();
    assertThat(get(mine, key)).isEqualTo(404);
    assertThat(list(mine, "jobs/" + MINE + "/")).isEqualTo(200);
  }

  @Test
  void identitiesAndUploadsSurviveARestart() throws Exception {
    var issued = fixture.issue(MINE, 2);
    var key = checkpoint(MINE, 2, "big.bin");
    var upload =
        fixture.client(issued).createMultipartUpload(r -> r.bucket(bucket).key(key)).uploadId();
    int port = fixture.server.endpoint().getPort();
    fixture.close();
    fixture = new BucketFixture(directory, port);
    var again = fixture.client(issued);
    var part =
        again.uploadPart(r -> r.bucket(bucket).key(key).uploadId(upload).partNumber(1), BODY);
    again.completeMultipartUpload(r ->
        r.bucket(bucket)
            .key(key)
            .uploadId(upload)
            .ifNoneMatch("*")
            .multipartUpload(
                m -> m.parts(CompletedPart.builder().partNumber(1).eTag(part.eTag()).build())));
    assertThat(get(again, key)).isEqualTo(200);
  }

  private int put(S3Client client, String key) {
    return status(() -> client.putObject(r -> r.bucket(bucket).key(key).ifNoneMatch("*"), BODY));
  }

  private int get(S3Client client, String key) {
    return get(client, key, bucket);
  }

  private static int get(S3Client client, String key, String bucket) {
    return status(() -> client.getObjectAsBytes(r -> r.bucket(bucket).key(key)));
  }

  private int list(S3Client client, String prefix) {
    return status(() -> client.listObjectsV2(r -> r.bucket(bucket).prefix(prefix)));
  }
}
