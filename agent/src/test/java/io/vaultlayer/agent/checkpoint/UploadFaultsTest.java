package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.agent.s3.Stop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large files in parts, and what may go wrong on their way. Parts here are of 256 KiB. */
class UploadFaultsTest {
  private static final int PART = 256 << 10;

  @TempDir Path home;
  private LoopbackBucket bucket;
  private Rig rig;
  private final byte[] large = new byte[8 * PART + 17];

  @BeforeEach
  void open() throws IOException {
    bucket = new LoopbackBucket();
    rig = new Rig(bucket, home, 1, Optional.empty());
    new Random(5).nextBytes(large);
  }

  @AfterEach
  void close() {
    rig.close();
    bucket.close();
  }

  @Test
  void sendsOnlyThePartsThatChangedAndHasTheStoreCopyTheOthers() throws Exception {
    rig.start();
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    bucket.calls().clear();
    large[3 * PART + 5] ^= 1;
    rig.save("checkpoint-2", "w.bin", large);
    rig.awaitCommit(2);
    assertThat(bucket.objects().get(rig.key(2, "w.bin"))).isEqualTo(large);
    assertThat(parts().filter(call -> call.bytes() > 0)).hasSize(1);
    assertThat(parts().filter(call -> call.bytes() == 0)).hasSize(8);
    assertThat(rig.unbacked()).isEmpty();
  }

  @Test
  void sendsAllPartsWhereTheStoreCopiesNone() throws Exception {
    rig.start();
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    bucket.faults(call -> isPart(call) && call.bytes() == 0 ? Fault.REFUSED : Fault.NONE);
    large[0] ^= 1;
    rig.save("checkpoint-2", "w.bin", large);
    rig.awaitCommit(2);
    assertThat(bucket.objects().get(rig.key(2, "w.bin"))).isEqualTo(large);
    assertThat(bucket.openUploads()).isZero();
  }

  @Test
  void aSecondTrySendsOnlyThePartsThatDidNotArrive() throws Exception {
    var left = new AtomicInteger(7);
    bucket.faults(call ->
        isPart(call) && call.query().get("partNumber").equals("5") && left.getAndDecrement() > 0
            ? Fault.SERVER_ERROR
            : Fault.NONE);
    rig.start();
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    assertThat(bucket.objects().get(rig.key(1, "w.bin"))).isEqualTo(large);
    assertThat(parts().filter(call -> call.query().get("partNumber").equals("1"))).hasSize(1);
    assertThat(bucket.count("POST", "w.bin")).as("opened and completed once").isEqualTo(2);
  }

  @Test
  void aSecondTryCopiesNoOldPartOverANewOneThatArrivedInTheFirst() throws Exception {
    rig.start();
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    var left = new AtomicInteger(7);
    bucket.faults(call ->
        isPart(call) && call.query().get("partNumber").equals("5") && left.getAndDecrement() > 0
            ? Fault.SERVER_ERROR
            : Fault.NONE);
    large[0] ^= 1;
    rig.save("checkpoint-2", "w.bin", large);
    rig.awaitCommit(2);
    assertThat(rig.commits.holds()).isEmpty();
    assertThat(bucket.objects().get(rig.key(2, "w.bin"))).isEqualTo(large);
  }

  @Test
  void credentialsThatExpireBetweenTwoPartsAreReplacedByTheRenewedOnes() throws Exception {
    var seen = new AtomicInteger();
    bucket.faults(call -> {
      if (isPart(call) && seen.incrementAndGet() == 4) {
        bucket.accept("AKRENEWED");
      }
      return Fault.NONE;
    });
    rig.start();
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    assertThat(bucket.objects().get(rig.key(1, "w.bin"))).isEqualTo(large);
  }

  @Test
  void expiredCredentialsAreWaitedOutAndWhatWasSentIsNotSentAgain() throws Exception {
    var seen = new AtomicInteger();
    bucket.faults(call -> {
      int n = seen.incrementAndGet();
      return n > 6 && n < 30 ? Fault.REFUSED : Fault.NONE;
    });
    rig.start();
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    assertThat(bucket.objects().get(rig.key(1, "w.bin"))).isEqualTo(large);
    assertThat(bucket.openUploads()).isZero();
    assertThat(rig.unbacked()).isEmpty();
  }

  @Test
  void aCheckpointThatIsGivenUpLeavesNoOpenUpload() throws Exception {
    bucket.faults(call -> {
      if (isPart(call) && call.query().get("partNumber").equals("2")) {
        touch(rig.kept.resolve("checkpoint-1/w.bin"));
      }
      return Fault.NONE;
    });
    rig.start();
    rig.save("checkpoint-1", "w.bin", large);
    Rig.until(() -> !rig.commits.holds().isEmpty());
    Rig.until(() -> bucket.openUploads() == 0);
    assertThat(rig.commits.steps()).isEmpty();
    assertThat(bucket.objects()).isEmpty();
  }

  @Test
  void twoAgentsOfTwoEpochsOnOneDirectoryCommitNothingTorn() throws Exception {
    bucket.faults(call -> isPart(call) ? Fault.SLOW : Fault.NONE);
    rig.start();
    rig.save("checkpoint-1", "w.bin", large, "a", "one");
    Rig.until(() -> bucket.count("PUT", "e00000001") > 0);
    try (var next = new Rig(bucket, home, 2, Optional.empty())) {
      next.start();
      next.save("checkpoint-2", "w.bin", large, "a", "two");
      next.awaitCommit(2);
      assertThat(rig.unbacked()).isEmpty();
      var manifest = next.commits.manifest(next.commits.pointers().getLast());
      assertThat(JudgingCommits.missing(bucket, manifest)).isEmpty();
      assertThat(manifest.files())
          .hasSize(2)
          .as("each agent under its own epoch")
          .allMatch(file -> file.key().contains("/e00000002/"));
    }
  }

  @Test
  void aFullDiskShowsNothingOfACheckpointThatIsRestored() throws Exception {
    Path small = Files.createDirectory(home.resolve("small"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString()),
        "a small file system cannot be mounted here, so restoring onto a full disk is not checked");
    try {
      rig.start();
      rig.save("checkpoint-1", "w.bin", large);
      rig.awaitCommit(1);
      var full = new Scope(Rig.JOB, 2, small.resolve("kept"), small.resolve("scratch"));
      assertThatThrownBy(() ->
              new KeptDirectory(bucket.store(new Stop()))
                  .prepare(full, Optional.of(rig.commits.pointers().getLast())))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("No space left");
      try (var left = Files.list(small.resolve("kept"))) {
        assertThat(left).isEmpty();
      }
    } finally {
      run("umount", small.toString());
    }
  }

  private java.util.stream.Stream<Call> parts() {
    return List.copyOf(bucket.calls()).stream().filter(UploadFaultsTest::isPart);
  }

  private static boolean isPart(Call call) {
    return call.method().equals("PUT") && call.query().containsKey("partNumber");
  }

  private static void touch(Path file) {
    try {
      Files.write(file, new byte[] {1}, java.nio.file.StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static boolean run(String... command) throws Exception {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
