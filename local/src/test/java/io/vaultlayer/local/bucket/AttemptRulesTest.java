package io.vaultlayer.local.bucket;

import static io.vaultlayer.local.bucket.BucketFixture.checkpoint;
import static io.vaultlayer.local.bucket.BucketFixture.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.Delete;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;

/** With one attempt's credentials, only what is the attempt's own can be touched. */
class AttemptRulesTest {
  private static final RequestBody BODY = RequestBody.fromString("content");

  @TempDir static Path directory;
  private static BucketFixture fixture;

  private JobId job;
  private JobId stranger;
  private S3Client mine;
  private S3Client other;
  private String bucket;

  @BeforeAll
  static void start() throws Exception {
    fixture = new BucketFixture(directory);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @BeforeEach
  void begin() {
    job = BucketFixture.job();
    stranger = BucketFixture.job();
    bucket = fixture.bucket;
    mine = fixture.client(job, 2);
    other = fixture.client(stranger, 1);
    put(other, checkpoint(stranger, 1, "secret.bin"));
  }

  @AfterEach
  void reset() {
    fixture.ahead = Duration.ZERO;
  }

  @Test
  void anAttemptWritesReadsAndListsWhatIsItsOwn() {
    var key = checkpoint(job, 2, "model.bin");
    assertThat(put(mine, key)).isEqualTo(200);
    assertThat(put(mine, "jobs/%s/logs/e00000002/00000001.log".formatted(job))).isEqualTo(200);
    assertThat(put(mine, "jobs/%s/outputs/e00000002/a/b.txt".formatted(job))).isEqualTo(200);
    assertThat(get(mine, key)).isEqualTo(200);
    assertThat(
            mine.getObjectAsBytes(r -> r.bucket(bucket).key(key).range("bytes=3-6")).asUtf8String())
        .isEqualTo("tent");
    assertThat(status(() -> mine.headObject(r -> r.bucket(bucket).key(key)))).isEqualTo(200);
    assertThat(mine.listObjectsV2(r -> r.bucket(bucket).prefix("jobs/" + job + "/")).contents())
        .hasSize(3);
  }

  @Test
  void aLaterEpochReadsWhatAnEarlierOneWrote() {
    var earlier = fixture.client(job, 1);
    put(earlier, checkpoint(job, 1, "model.bin"));
    assertThat(get(mine, checkpoint(job, 1, "model.bin"))).isEqualTo(200);
    assertThat(put(mine, checkpoint(job, 1, "more.bin"))).isEqualTo(403);
  }

  @Test
  void anotherJobIsOutOfReach() {
    var key = checkpoint(stranger, 1, "secret.bin");
    assertThat(get(mine, key)).isEqualTo(403);
    assertThat(status(() -> mine.headObject(r -> r.bucket(bucket).key(key)))).isEqualTo(403);
    assertThat(put(mine, checkpoint(stranger, 1, "planted.bin"))).isEqualTo(403);
    assertThat(
            status(() ->
                mine.copyObject(r ->
                    r.sourceBucket(bucket)
                        .sourceKey(key)
                        .destinationBucket(bucket)
                        .destinationKey(checkpoint(job, 2, "stolen.bin")))))
        .isEqualTo(403);
    assertThat(
            status(() ->
                mine.createMultipartUpload(
                    r -> r.bucket(bucket).key(checkpoint(stranger, 1, "big.bin")))))
        .isEqualTo(403);
    assertThat(list(mine, "jobs/" + stranger + "/")).isEqualTo(403);
  }

  @Test
  void listingOutsideTheJobIsRefused() {
    for (var prefix :
        new String[] {
          "", "jobs/", "jobs/" + job, "jobs/" + job + "/../" + stranger + "/", "jobs/" + job + "/.."
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
    var key = checkpoint(job, 2, "model.bin");
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
    var secret = checkpoint(stranger, 1, "secret.bin");
    for (var key :
        new String[] {
          "jobs/" + job + "/../" + stranger + "/checkpoints/e00000001/step-000000000005/secret.bin",
          "jobs/" + job + "/./x",
          "jobs/" + job + "//x",
          "jobs/" + job + "/checkpoints/e00000002/../../../" + stranger + "/x",
          "../identities.db",
          "jobs/" + job + "/../../../identities.db"
        }) {
      assertThat(get(mine, key)).as(key).isIn(400, 403);
      assertThat(put(mine, key)).as(key).isIn(400, 403);
    }
    assertThat(get(other, secret)).isEqualTo(200);
    assertThat(Files.exists(directory.resolve("bucket").resolve("identities.db"))).isFalse();
  }

  @Test
  void aNameThatNoFileCouldHaveIsSaidToBeTooLong() {
    assertThat(put(mine, checkpoint(job, 2, "x".repeat(200)))).isEqualTo(200);
    assertThat(put(mine, checkpoint(job, 2, "x".repeat(201)))).isEqualTo(400);
    assertThat(put(mine, checkpoint(job, 2, "ä".repeat(101)))).isEqualTo(400);
  }

  @Test
  void otherBucketsAndSettingsAreOutOfReach() {
    assertThat(status(() -> mine.createBucket(r -> r.bucket("mine-too")))).isEqualTo(403);
    assertThat(get(mine, checkpoint(job, 2, "x"), "other-bucket")).isIn(403, 404);
    assertThat(status(() -> mine.getBucketAcl(r -> r.bucket(bucket)))).isEqualTo(403);
    assertThat(
            status(() ->
                mine.putObjectAcl(
                    r -> r.bucket(bucket).key(checkpoint(job, 2, "x")).acl("public-read"))))
        .isIn(403, 404);
  }

  @Test
  void wrongSecretsAndUnsignedRequestsAreRefused() throws Exception {
    var issued = fixture.issue(job, 2);
    var key = checkpoint(job, 2, "model.bin");
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
    put(mine, checkpoint(job, 2, "model.bin"));
    fixture.ahead = Duration.ofMinutes(14);
    assertThat(get(mine, checkpoint(job, 2, "model.bin"))).isEqualTo(200);
    fixture.ahead = Duration.ofMinutes(16);
    assertThat(get(mine, checkpoint(job, 2, "model.bin"))).isEqualTo(403);
    assertThat(put(mine, checkpoint(job, 2, "late.bin"))).isEqualTo(403);
  }

  @Test
  void aFencedAttemptIsRefusedAtOnce() {
    put(mine, checkpoint(job, 2, "model.bin"));
    fixture.fenced.add(job + "/2");
    assertThat(get(mine, checkpoint(job, 2, "model.bin"))).isEqualTo(403);
    assertThat(put(mine, checkpoint(job, 2, "late.bin"))).isEqualTo(403);
    assertThat(list(mine, "jobs/" + job + "/")).isEqualTo(403);
  }

  @Test
  void anUploadThatStreamsWhileItsAttemptIsFencedLeavesNoObject() {
    var key = checkpoint(job, 2, "torn.bin");
    var body =
        RequestBody.fromContentProvider(
            () ->
                new java.io.InputStream() {
                  private int left = 200_000;

                  @Override
                  public int read() {
                    if (left == 1_000) {
                      fixture.fenced.add(job + "/2");
                    }
                    return left-- > 0 ? 'x' : -1;
                  }
                },
            200_000,
            "application/octet-stream");
    assertThat(status(() -> mine.putObject(r -> r.bucket(bucket).key(key), body))).isEqualTo(403);
    fixture.fenced.clear();
    assertThat(get(mine, key)).isEqualTo(404);
    assertThat(list(mine, "jobs/" + job + "/")).isEqualTo(200);
  }

  @Test
  void anUploadIsTakenUpWithThePartsThatTheServerLists() {
    var key = checkpoint(job, 2, "left.bin");
    var upload =
        mine.createMultipartUpload(
                r -> r.bucket(bucket).key(key).checksumAlgorithm(ChecksumAlgorithm.CRC32))
            .uploadId();
    var sent = new byte[6 << 20];
    mine.uploadPart(
        r ->
            r.bucket(bucket)
                .key(key)
                .uploadId(upload)
                .partNumber(1)
                .checksumAlgorithm(ChecksumAlgorithm.CRC32),
        RequestBody.fromBytes(sent));

    // As an agent that was started again: other credentials of the same attempt.
    var again = fixture.client(job, 2);
    var listed = again.listParts(r -> r.bucket(bucket).key(key).uploadId(upload)).parts();
    assertThat(listed).hasSize(1);
    assertThat(listed.getFirst().size()).isEqualTo(sent.length);
    var second =
        again.uploadPart(
            r ->
                r.bucket(bucket)
                    .key(key)
                    .uploadId(upload)
                    .partNumber(2)
                    .checksumAlgorithm(ChecksumAlgorithm.CRC32),
            BODY);
    again.completeMultipartUpload(r ->
        r.bucket(bucket)
            .key(key)
            .uploadId(upload)
            .ifNoneMatch("*")
            .multipartUpload(m ->
                m.parts(
                    CompletedPart.builder().partNumber(1).eTag(listed.getFirst().eTag()).build(),
                    CompletedPart.builder()
                        .partNumber(2)
                        .eTag(second.eTag())
                        .checksumCRC32(second.checksumCRC32())
                        .build())));
    assertThat(again.headObject(r -> r.bucket(bucket).key(key)).contentLength())
        .isEqualTo(sent.length + "content".length());
    // S3 itself would say 404.
    assertThat(again.listParts(r -> r.bucket(bucket).key(key).uploadId(upload)).parts()).isEmpty();
  }

  @Test
  void whatPartsAnUploadHasIsToldToItsOwnAttemptOnly() {
    var key = checkpoint(job, 2, "left.bin");
    var upload = mine.createMultipartUpload(r -> r.bucket(bucket).key(key)).uploadId();
    assertThat(status(() -> mine.listParts(r -> r.bucket(bucket).key(key).uploadId(upload))))
        .isEqualTo(200);
    for (var client : new S3Client[] {other, fixture.client(job, 1), fixture.client(job, 3)}) {
      assertThat(status(() -> client.listParts(r -> r.bucket(bucket).key(key).uploadId(upload))))
          .isEqualTo(403);
      var own = checkpoint(job, 3, "mine.bin");
      assertThat(status(() -> client.listParts(r -> r.bucket(bucket).key(own).uploadId(upload))))
          .isEqualTo(403);
    }
  }

  @Test
  void identitiesAndUploadsSurviveARestart(@TempDir Path own) throws Exception {
    var key = checkpoint(job, 2, "big.bin");
    JobCredentials.Issued issued;
    String upload;
    int port;
    try (var before = new BucketFixture(own)) {
      issued = before.issue(job, 2);
      upload =
          before.client(issued).createMultipartUpload(r -> r.bucket(bucket).key(key)).uploadId();
      port = before.server.endpoint().getPort();
    }
    try (var after = new BucketFixture(own, port)) {
      var again = after.client(issued);
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
