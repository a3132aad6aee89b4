package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.agent.s3.R2Door;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import io.vaultlayer.wire.BucketLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The uploader and the restorer against a bucket that is like R2, with credentials as the control
 * plane makes them. Nothing here has seen the real R2. Parts are of 256 KiB.
 */
class R2UploadTest {
  private static final int PART = 256 << 10;

  @TempDir Path home;
  private final byte[] large = new byte[10 * PART + 17];
  private R2Attempt r2;

  @AfterEach
  void close() {
    r2.close();
  }

  private Rig rig(int epoch) throws Exception {
    S3Credentials credentials = r2.credentials(epoch);
    return new Rig(r2.bucket, home, epoch, Optional.empty(), () -> credentials);
  }

  private void open(boolean strict) throws Exception {
    r2 = new R2Attempt(strict);
    new Random(9).nextBytes(large);
  }

  @ParameterizedTest(name = "knows no checksums: {0}")
  @ValueSource(booleans = {false, true})
  void savesSavesAgainWithATenthChangedAndRestores(boolean strict) throws Exception {
    open(strict);
    try (var rig = rig(1)) {
      rig.start();
      rig.save("checkpoint-1", "w.bin", large, "config.json", "{}");
      rig.awaitCommit(1);
      r2.door.letIn().clear();
      large[3 * PART + 5] ^= 1;
      rig.save("checkpoint-2", "w.bin", large, "config.json", "{}");
      rig.awaitCommit(2);
      assertThat(rig.commits.holds()).isEmpty();
      assertThat(parts("w.bin").filter(call -> call.bytes() > 0)).as("sent").hasSize(1);
      assertThat(parts("w.bin").filter(call -> call.bytes() == 0)).as("copied there").hasSize(10);
      S3Credentials next = r2.credentials(2);
      Path kept = home.resolve("restored/kept");
      var scope = new Scope(Rig.JOB, 2, kept, home.resolve("restored/scratch"));
      new KeptDirectory(r2.bucket.store(new Stop(), () -> next))
          .prepare(scope, Optional.of(rig.commits.pointers().getLast()));
      assertThat(Files.readAllBytes(kept.resolve("checkpoint-2/w.bin"))).isEqualTo(large);
      assertThat(kept.resolve("checkpoint-2/config.json")).hasContent("{}");
    }
  }

  @ParameterizedTest(name = "knows no checksums: {0}")
  @ValueSource(booleans = {false, true})
  void anAgentThatIsStartedAgainSendsOnlyThePartThatIsMissing(boolean strict) throws Exception {
    open(strict);
    try (var ended = rig(1)) {
      r2.bucket.faults(call ->
          isPart(call) && call.query().get("partNumber").equals("3")
              ? Fault.SERVER_ERROR
              : Fault.NONE);
      ended.start();
      ended.save("checkpoint-1", "w.bin", large);
      Rig.until(() -> r2.bucket.uploads().parts().size() == 10);
    }
    Rig.until(() -> r2.bucket.inFlight() == 0);
    r2.bucket.faults(call -> Fault.NONE);
    r2.door.letIn().clear();
    try (var next = rig(1)) {
      assertThat(next.finishLeft().everythingStored()).isTrue();
      assertThat(next.commits.steps()).containsExactly(1L);
      assertThat(r2.bucket.objects().get(next.key(1, "w.bin"))).isEqualTo(large);
      assertThat(parts("w.bin").map(call -> call.query().get("partNumber"))).containsExactly("3");
      assertThat(r2.bucket.openUploads()).isZero();
    }
  }

  @ParameterizedTest(name = "an expired token is answered {0} {1}")
  @CsvSource({
    "401, Unauthorized",
    "403, AccessDenied",
    "403, ExpiredRequest",
    "400, ExpiredRequest",
    "400, ExpiredToken"
  })
  void credentialsThatExpireBetweenTwoPartsAreRenewedAndNoPartIsSentTwice(int status, String code)
      throws Exception {
    open(false);
    r2.door.answerExpired(new R2Door.Expired(status, code));
    var held = new AtomicReference<>(r2.credentials(1));
    var seen = new AtomicInteger();
    r2.bucket.faults(call -> {
      if (isPart(call)) {
        int n = seen.incrementAndGet();
        if (n == 5) {
          r2.outlive();
        } else if (n == 20) {
          held.set(r2.credentials(1)); // the beat after that brings new ones
        }
      }
      return Fault.NONE;
    });
    try (var rig = new Rig(r2.bucket, home, 1, Optional.empty(), held::get)) {
      rig.start();
      rig.save("checkpoint-1", "w.bin", large);
      Rig.until(() -> seen.get() >= 20 || !rig.commits.holds().isEmpty());
      rig.awaitCommit(1);
      assertThat(rig.commits.holds()).isEmpty();
      assertThat(r2.bucket.objects().get(rig.key(1, "w.bin"))).isEqualTo(large);
      assertThat(parts("w.bin").map(call -> call.query().get("partNumber")))
          .doesNotHaveDuplicates()
          .hasSize(11);
      assertThat(r2.bucket.openUploads()).isZero();
    }
  }

  @Test
  void credentialsThatExpireWhileTheStoreCopiesDoNotEndTheCopying() throws Exception {
    open(false);
    var held = new AtomicReference<>(r2.credentials(1));
    var copies = new AtomicInteger();
    try (var rig = new Rig(r2.bucket, home, 1, Optional.empty(), held::get)) {
      rig.start();
      rig.save("checkpoint-1", "w.bin", large);
      rig.awaitCommit(1);
      r2.door.letIn().clear();
      r2.bucket.faults(call -> {
        if (isPart(call) && call.bytes() == 0) {
          int n = copies.incrementAndGet();
          if (n == 3) {
            r2.outlive();
          } else if (n == 6) {
            held.set(r2.credentials(1));
          }
        }
        return Fault.NONE;
      });
      large[0] ^= 1;
      rig.save("checkpoint-2", "w.bin", large);
      rig.awaitCommit(2);
      assertThat(parts("w.bin").filter(call -> call.bytes() > 0)).as("sent").hasSize(1);
      assertThat(parts("w.bin").filter(call -> call.bytes() == 0)).as("copied there").hasSize(10);
    }
  }

  @Test
  void aLateWriterOfAnEarlierEpochChangesNothingInALaterOne() throws Exception {
    open(false);
    S3Credentials first = r2.credentials(1);
    S3Credentials second = r2.credentials(2);
    var late = r2.bucket.store(new Stop(), () -> first);
    var owner = r2.bucket.store(new Stop(), () -> second);
    String theirs = BucketLayout.checkpoint(Rig.JOB, 2, 5) + "w.bin";
    owner.putIfAbsent(theirs, Body.of(new byte[] {2}));
    String upload = owner.createMultipart(theirs);
    assertThat(late.read(theirs, 10)).as("it may read under its job").containsExactly(2);
    refused(() -> late.put(theirs, Body.of(new byte[] {1})));
    refused(() -> late.putIfAbsent(theirs + "2", Body.of(new byte[] {1})));
    refused(() -> late.createMultipart(theirs));
    refused(() -> late.uploadPart(theirs, upload, 1, Body.of(new byte[] {1})));
    refused(() -> late.completeMultipart(theirs, upload, List.of(), true));
    refused(() -> late.abortMultipart(theirs, upload));
    refused(() -> late.put(BucketLayout.log(Rig.JOB, 2, 0), Body.of(new byte[] {1})));
    refused(() -> late.put(BucketLayout.outputs(Rig.JOB, 2) + "o", Body.of(new byte[] {1})));
    refused(() -> late.put(BucketLayout.workdir(Rig.JOB, "0".repeat(64)), Body.of(new byte[0])));
    refused(() -> late.read("jobs/job_of_somebody_else/checkpoints/x", 10));
    assertThat(r2.bucket.objects()).containsOnlyKeys(theirs);
    assertThat(r2.bucket.objects().get(theirs)).containsExactly(2);
    assertThatCode(() -> late.put(BucketLayout.log(Rig.JOB, 1, 0), Body.of(new byte[] {1})))
        .doesNotThrowAnyException();
  }

  @Test
  void copiesStayInsideTheEpochWhereNoCredentialReadsThereAndWritesHere() throws Exception {
    open(false);
    byte[] other = large.clone();
    other[7] ^= 1;
    try (var first = rig(1)) {
      first.start();
      first.save("checkpoint-1", "w.bin", large);
      first.awaitCommit(1);
      var pointer = first.commits.pointers().getLast();
      S3Credentials credentials = r2.credentials(2);
      try (var second =
          new Rig(r2.bucket, home.resolve("2"), 2, Optional.of(pointer), () -> credentials)) {
        var restored =
            new KeptDirectory(r2.bucket.store(new Stop(), () -> credentials))
                .prepare(second.scope, Optional.of(pointer));
        second.start(restored);
        // w.bin is as it was, so it is named where the first epoch put it.
        second.save("checkpoint-2", "w.bin", large, "v.bin", other);
        second.awaitCommit(2);
        r2.door.letIn().clear();
        large[0] ^= 1;
        other[0] ^= 1;
        second.save("checkpoint-3", "w.bin", large, "v.bin", other);
        second.awaitCommit(3);
        assertThat(copied("w.bin")).as("out of the first epoch").isZero();
        assertThat(copied("v.bin")).as("inside the epoch").isEqualTo(10);
        assertThat(r2.bucket.objects().get(second.key(3, "w.bin"))).isEqualTo(large);
        r2.door.letIn().clear();
        large[0] ^= 3;
        second.save("checkpoint-4", "w.bin", large, "v.bin", other);
        second.awaitCommit(4);
        assertThat(copied("w.bin")).as("inside the epoch, now").isEqualTo(10);
        assertThat(second.unbacked()).isEmpty();
      }
    }
  }

  private long copied(String name) {
    return parts(name).filter(call -> call.bytes() == 0).count();
  }

  private Stream<Call> parts(String name) {
    return List.copyOf(r2.door.letIn()).stream()
        .filter(call -> isPart(call) && call.key().endsWith(name));
  }

  private static boolean isPart(Call call) {
    return call.method().equals("PUT") && call.query().containsKey("partNumber");
  }

  private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(StoreException.AccessRefused.class);
  }
}
