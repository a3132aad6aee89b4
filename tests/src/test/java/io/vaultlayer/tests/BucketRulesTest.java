package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** With one job's credentials nothing of another job, of the past or of the bucket is reached. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class BucketRulesTest {
  private static Home home;
  private static Path workdir;
  private static String mine;
  private static String other;

  @BeforeAll
  static void twoJobs() {
    home = new Home();
    workdir = Scripts.directory("chain.py");
    mine = started();
    other = started();
  }

  @AfterAll
  static void leave() {
    home.close();
    Home.delete(workdir);
  }

  private static String started() {
    var job =
        home.submit(workdir, "python3", "chain.py", "--steps", "100000", "--step-seconds", "0.1");
    home.await(
        job, Home.PATIENCE, "a checkpoint", s -> s.path("checkpoint").path("step").asLong() > 0);
    return job;
  }

  @Test
  void theOwnPrefixIsWrittenAndRead() {
    try (var s3 = client(mine)) {
      var key = "jobs/" + mine + "/outputs/e00000001/own-" + System.nanoTime() + ".txt";
      s3.putObject(r -> r.bucket(bucket()).key(key), RequestBody.fromString("mine"));
      assertThat(s3.getObjectAsBytes(r -> r.bucket(bucket()).key(key)).asUtf8String())
          .isEqualTo("mine");
      assertThat(s3.listObjectsV2(r -> r.bucket(bucket()).prefix("jobs/" + mine + "/")).contents())
          .isNotEmpty()
          .allMatch(o -> o.key().startsWith("jobs/" + mine + "/"));
    }
  }

  @Test
  void anotherJobsPrefixIsClosed() {
    try (var s3 = client(mine)) {
      var theirs = object(other);
      var own = object(mine);
      var fresh = "jobs/" + other + "/outputs/e00000001/mine.txt";
      forbidden(() -> s3.getObjectAsBytes(r -> r.bucket(bucket()).key(theirs)));
      forbidden(() -> s3.headObject(r -> r.bucket(bucket()).key(theirs)));
      forbidden(
          () -> s3.putObject(r -> r.bucket(bucket()).key(fresh), RequestBody.fromString("x")));
      forbidden(() ->
          s3.copyObject(r ->
              r.sourceBucket(bucket())
                  .sourceKey(theirs)
                  .destinationBucket(bucket())
                  .destinationKey("jobs/" + mine + "/outputs/e00000001/stolen")));
      forbidden(() ->
          s3.copyObject(r ->
              r.sourceBucket(bucket())
                  .sourceKey(own)
                  .destinationBucket(bucket())
                  .destinationKey(fresh)));
      forbidden(() -> s3.listObjectsV2(r -> r.bucket(bucket()).prefix("jobs/" + other + "/")));
      forbidden(() -> s3.createMultipartUpload(r -> r.bucket(bucket()).key(fresh)));
      var upload =
          s3.createMultipartUpload(
                  r -> r.bucket(bucket()).key("jobs/" + mine + "/outputs/e00000001/parts"))
              .uploadId();
      forbidden(() ->
          s3.uploadPartCopy(r ->
              r.sourceBucket(bucket())
                  .sourceKey(theirs)
                  .destinationBucket(bucket())
                  .destinationKey("jobs/" + mine + "/outputs/e00000001/parts")
                  .uploadId(upload)
                  .partNumber(1)));
      refused(() ->
          s3.uploadPart(
              r -> r.bucket(bucket()).key(fresh).uploadId(upload).partNumber(1),
              RequestBody.fromString("x")));
      assertThat(home.bucket(other).resolve("outputs/e00000001/mine.txt")).doesNotExist();
    }
  }

  @Test
  void noDetourLeadsOut() {
    try (var s3 = client(mine)) {
      var theirs = object(other);
      for (var detour :
          new String[] {
            "jobs/" + mine + "/../" + other + "/" + theirs.substring(6 + other.length()),
            "jobs/" + mine + "/outputs/e00000001/../../../" + other + "/x",
            "jobs/" + mine + "/./../" + other + "/x",
            "jobs/" + mine + "x/y",
            "jobs/" + mine + "//../../" + other + "/x",
            "../" + mine,
          }) {
        refused(() -> s3.getObjectAsBytes(r -> r.bucket(bucket()).key(detour)));
        refused(
            () -> s3.putObject(r -> r.bucket(bucket()).key(detour), RequestBody.fromString("x")));
      }
      assertThat(home.bucket(other).resolve("x")).doesNotExist();
    }
  }

  @Test
  void onlyTheOwnPrefixIsListed() {
    try (var s3 = client(mine)) {
      for (var prefix : new String[] {"", "jobs/", "jobs/job_", "/"}) {
        forbidden(() -> s3.listObjectsV2(r -> r.bucket(bucket()).prefix(prefix)));
      }
      forbidden(() -> s3.listObjectsV2(r -> r.bucket(bucket())));
      refused(() -> s3.listBuckets());
      refused(() -> s3.listMultipartUploads(r -> r.bucket(bucket())));
      refused(() -> s3.listObjectVersions(r -> r.bucket(bucket())));
    }
  }

  @Test
  void nothingIsDeleted() {
    try (var s3 = client(mine)) {
      var own = object(mine);
      forbidden(() -> s3.deleteObject(r -> r.bucket(bucket()).key(own)));
      try {
        var answer =
            s3.deleteObjects(r ->
                r.bucket(bucket())
                    .delete(d -> d.objects(ObjectIdentifier.builder().key(own).build())));
        assertThat(answer.deleted()).isEmpty();
        assertThat(answer.errors()).hasSize(1);
      } catch (S3Exception e) {
        assertThat(e.statusCode()).isEqualTo(403);
      }
      refused(() -> s3.deleteBucket(r -> r.bucket(bucket())));
      assertThat(file(own)).exists();
    }
  }

  @Test
  void aCommittedCheckpointIsNotOverwritten() throws Exception {
    try (var s3 = client(mine)) {
      var own = object(mine);
      var before = Files.readAllBytes(file(own));
      var plain =
          catchThrowableOfType(
              S3Exception.class,
              () -> s3.putObject(r -> r.bucket(bucket()).key(own), RequestBody.fromString("x")));
      assertThat(plain.statusCode()).isIn(403, 412);
      var absent =
          catchThrowableOfType(
              S3Exception.class,
              () ->
                  s3.putObject(
                      r -> r.bucket(bucket()).key(own).ifNoneMatch("*"),
                      RequestBody.fromString("x")));
      assertThat(absent.statusCode()).isEqualTo(412);
      refused(() ->
          s3.copyObject(r ->
              r.sourceBucket(bucket())
                  .sourceKey("jobs/" + mine + "/workdir/" + workdirObject())
                  .destinationBucket(bucket())
                  .destinationKey(own)));
      assertThat(Files.readAllBytes(file(own))).isEqualTo(before);
    }
  }

  @Test
  void anotherEpochIsNotWritten() {
    try (var s3 = client(mine)) {
      for (var part : new String[] {"checkpoints", "logs", "outputs"}) {
        forbidden(() ->
            s3.putObject(
                r ->
                    r.bucket(bucket())
                        .key("jobs/" + mine + "/" + part + "/e00000002/x")
                        .ifNoneMatch("*"),
                RequestBody.fromString("x")));
      }
      forbidden(() ->
          s3.putObject(
              r -> r.bucket(bucket()).key("jobs/" + mine + "/workdir/x.tar.gz"),
              RequestBody.fromString("x")));
    }
  }

  @Test
  void afterAFenceTheOldCredentialsOpenNothing() {
    var job = started();
    try (var s3 = client(job)) {
      var own = object(job);
      s3.headObject(r -> r.bucket(bucket()).key(own));
      home.vl("kill-instance", job).ok();
      home.await(job, Home.PATIENCE, "epoch 2", s -> s.path("epoch").asInt() == 2);
      forbidden(() -> s3.headObject(r -> r.bucket(bucket()).key(own)));
      forbidden(() ->
          s3.putObject(
              r ->
                  r.bucket(bucket())
                      .key("jobs/" + job + "/checkpoints/e00000001/step-000000099999/x")
                      .ifNoneMatch("*"),
              RequestBody.fromString("x")));
    }
    home.vl("cancel", job).ok();
  }

  // ---- one client for each attempt

  private static JsonNode credentials(String job) {
    return home.vl("local", "credentials", job, "--json").ok().json().path("s3");
  }

  private static String bucket() {
    return home.planeFile().path("bucket").asText();
  }

  private static S3Client client(String job) {
    var given = credentials(job);
    return S3Client.builder()
        .endpointOverride(URI.create(given.path("endpoint").asText()))
        .region(Region.of(given.path("region").asText()))
        .forcePathStyle(true)
        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
        .httpClient(UrlConnectionHttpClient.create())
        .credentialsProvider(
            StaticCredentialsProvider.create(
                AwsSessionCredentials.create(
                    given.path("accessKeyId").asText(),
                    given.path("secretAccessKey").asText(),
                    given.path("sessionToken").asText())))
        .build();
  }

  /** Key of a committed object of the job's first epoch. */
  private static String object(String job) {
    var first = new ArrayList<JsonNode>();
    home.checkpoints(job).forEach(first::add);
    return "jobs/%s/checkpoints/e%08d/step-%012d/state"
        .formatted(job, 1, first.getFirst().path("step").asLong());
  }

  private static Path file(String key) {
    return home.local().resolve("bucket").resolve(bucket()).resolve(key);
  }

  private static String workdirObject() {
    try (var all = Files.list(home.bucket(mine).resolve("workdir"))) {
      return all.findFirst().orElseThrow().getFileName().toString();
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void forbidden(ThrowingCallable call) {
    var refused = catchThrowableOfType(S3Exception.class, call);
    assertThat(refused).as("refused").isNotNull();
    assertThat(refused.statusCode()).as(refused.getMessage()).isEqualTo(403);
  }

  /** Denied, or no such thing: but never done. */
  private static void refused(ThrowingCallable call) {
    var refused = catchThrowableOfType(S3Exception.class, call);
    assertThat(refused).as("refused").isNotNull();
    assertThat(refused.statusCode()).as(refused.getMessage()).isBetween(400, 501);
  }
}
