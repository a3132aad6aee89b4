package io.vaultlayer.local.bucket;

import static io.vaultlayer.local.bucket.BucketFixture.checkpoint;
import static io.vaultlayer.local.bucket.BucketFixture.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.JobId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/** Checkpoints are written once, whoever writes and however; other objects may change. */
class WriteOnceTest {
  @TempDir static Path directory;
  private static BucketFixture fixture;

  private JobId job;
  private JobId stranger;
  private S3Client mine;
  private S3Client plane;
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
    mine = fixture.client(job, 1);
    plane = fixture.client(Identities.PLANE, fixture.identities.planeSecret(), "none");
  }

  @Test
  void aCheckpointFileIsCreatedOnce() {
    var key = checkpoint(job, 1, "model.bin");
    assertThat(put(mine, key, "first")).isEqualTo(200);
    assertThat(put(mine, key, "second")).isEqualTo(412);
    assertThat(put(plane, key, "third")).isEqualTo(412);
    assertThat(text(key)).isEqualTo("first");
  }

  @Test
  void aLogMayBeWrittenAgain() {
    var key = "jobs/%s/logs/e00000001/00000001.log".formatted(job);
    assertThat(put(mine, key, "first")).isEqualTo(200);
    assertThat(put(mine, key, "second")).isEqualTo(200);
    assertThat(text(key)).isEqualTo("second");
  }

  @Test
  void ofManyWritersOneWins() throws Exception {
    var key = checkpoint(job, 1, "_manifest.json");
    var calls = new ArrayList<Callable<Integer>>();
    for (int i = 0; i < 8; i++) {
      var body = "writer " + i;
      calls.add(() -> put(mine, key, body));
    }
    try (var threads = Executors.newFixedThreadPool(8)) {
      int won = 0;
      for (var call : threads.invokeAll(calls)) {
        won += call.get() == 200 ? 1 : 0;
      }
      assertThat(won).isEqualTo(1);
    }
  }

  @Test
  void aCopyDoesNotReplaceACheckpointEither() {
    var source = "jobs/%s/outputs/e00000001/x".formatted(job);
    var key = checkpoint(job, 1, "model.bin");
    put(mine, source, "copied");
    assertThat(copy(source, key)).isEqualTo(200);
    assertThat(text(key)).isEqualTo("copied");
    put(mine, source, "changed");
    assertThat(copy(source, key)).isEqualTo(412);
    assertThat(text(key)).isEqualTo("copied");
  }

  @Test
  void completingAnUploadInPartsCreatesOnce() {
    var key = checkpoint(job, 1, "big.bin");
    assertThat(upload(mine, key, "one", true)).isEqualTo(200);
    assertThat(upload(mine, key, "two", true)).isEqualTo(412);
    upload(mine, key, "three", false);
    assertThat(text(key)).isEqualTo("one");
  }

  @Test
  void partsAreCopiedFromTheJobsOwnObjectsOnly() {
    var other = fixture.client(stranger, 1);
    put(other, checkpoint(stranger, 1, "secret.bin"), "secret");
    put(mine, checkpoint(job, 1, "old.bin"), "unchanged");
    var key = checkpoint(job, 1, "new.bin");
    var id = mine.createMultipartUpload(r -> r.bucket(bucket).key(key)).uploadId();
    assertThat(copyPart(id, key, checkpoint(stranger, 1, "secret.bin"))).isEqualTo(403);
    assertThat(copyPart(id, key, checkpoint(job, 1, "old.bin"))).isEqualTo(200);
  }

  @Test
  void anUploadBelongsToTheAttemptThatBeganIt() {
    var key = checkpoint(job, 1, "big.bin");
    var id = mine.createMultipartUpload(r -> r.bucket(bucket).key(key)).uploadId();
    var other = fixture.client(stranger, 1);
    var theirs = checkpoint(stranger, 1, "big.bin");
    assertThat(part(other, theirs, id)).isEqualTo(403);
    assertThat(
            status(
                () -> other.abortMultipartUpload(r -> r.bucket(bucket).key(theirs).uploadId(id))))
        .isEqualTo(403);
    assertThat(part(fixture.client(job, 1), key, id)).as("a renewed credential").isEqualTo(200);
    assertThat(status(() -> mine.abortMultipartUpload(r -> r.bucket(bucket).key(key).uploadId(id))))
        .isEqualTo(200);
  }

  @Test
  void whatAKilledServerLeftIsNeitherListedNorKept() throws Exception {
    put(mine, checkpoint(job, 1, "model.bin"), "whole");
    var folder = directory.resolve("bucket").resolve(bucket).resolve(checkpoint(job, 1, ""));
    var torn = folder.resolve("model.bin-0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f");
    Files.writeString(torn, "who");
    var late = folder.resolve("other.bin-0a1b2c3d-0000-4000-8000-0a1b2c3d4e50");
    Files.writeString(late, "oth");
    Files.setLastModifiedTime(torn, FileTime.from(Instant.now().minusSeconds(60)));
    var listed = mine.listObjectsV2(r -> r.bucket(bucket).prefix("jobs/" + job + "/")).contents();
    assertThat(listed).singleElement().satisfies(o -> assertThat(o.key()).endsWith("model.bin"));
    var root = directory.resolve("bucket").resolve(bucket);
    assertThat(Leftovers.sweep(root, Instant.now().minusSeconds(30))).isEqualTo(1);
    assertThat(torn).doesNotExist();
    assertThat(late).exists();
    assertThat(text(checkpoint(job, 1, "model.bin"))).isEqualTo("whole");
  }

  @Test
  void anUploadThatBreaksOffLeavesNoObject() throws Exception {
    var key = checkpoint(job, 1, "torn.bin");
    try (var socket = new java.net.Socket("127.0.0.1", fixture.server.endpoint().getPort())) {
      var url =
          fixture.server.bucket(bucket).presignPut(key, 1000, java.time.Duration.ofMinutes(1));
      var head =
          "PUT %s?%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 1000\r\n\r\nhalf of it"
              .formatted(url.getRawPath(), url.getRawQuery(), url.getPort());
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      Thread.sleep(200);
    }
    Thread.sleep(500);
    assertThat(status(() -> mine.headObject(r -> r.bucket(bucket).key(key)))).isEqualTo(404);
    assertThat(mine.listObjectsV2(r -> r.bucket(bucket).prefix("jobs/" + job + "/")).contents())
        .isEmpty();
  }

  private int put(S3Client client, String key, String body) {
    return status(
        () -> client.putObject(r -> r.bucket(bucket).key(key), RequestBody.fromString(body)));
  }

  private int copy(String source, String key) {
    return status(() ->
        mine.copyObject(r ->
            r.sourceBucket(bucket)
                .sourceKey(source)
                .destinationBucket(bucket)
                .destinationKey(key)));
  }

  private int copyPart(String id, String key, String source) {
    return status(() ->
        mine.uploadPartCopy(r ->
            r.sourceBucket(bucket)
                .sourceKey(source)
                .destinationBucket(bucket)
                .destinationKey(key)
                .uploadId(id)
                .partNumber(1)));
  }

  private int part(S3Client client, String key, String id) {
    return status(() ->
        client.uploadPart(
            r -> r.bucket(bucket).key(key).uploadId(id).partNumber(1),
            RequestBody.fromString("part")));
  }

  private int upload(S3Client client, String key, String body, boolean conditional) {
    var id = client.createMultipartUpload(r -> r.bucket(bucket).key(key)).uploadId();
    var tag =
        client
            .uploadPart(
                r -> r.bucket(bucket).key(key).uploadId(id).partNumber(1),
                RequestBody.fromString(body))
            .eTag();
    return status(() ->
        client.completeMultipartUpload(r -> {
          r.bucket(bucket)
              .key(key)
              .uploadId(id)
              .multipartUpload(
                  m -> m.parts(CompletedPart.builder().partNumber(1).eTag(tag).build()));
          if (conditional) {
            r.ifNoneMatch("*");
          }
        }));
  }

  private String text(String key) {
    return mine.getObjectAsBytes(r -> r.bucket(bucket).key(key)).asUtf8String();
  }
}
