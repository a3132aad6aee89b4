package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackObjects.Conditions;
import io.vaultlayer.agent.s3.LoopbackObjects.Manners;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stores that know no create-if-absent: those that say so, and those that pass over it. */
class UnconditionalStoreTest {
  private static final int PART = 256 << 10;

  @TempDir Path home;
  private LoopbackBucket bucket;

  @AfterEach
  void close() {
    bucket.close();
  }

  private void open(Conditions conditions) throws IOException {
    bucket = new LoopbackBucket(Optional.empty(), new Manners(conditions, false));
  }

  @Test
  void whereTheStoreSaysThatItKnowsNoConditionASecondWriterStillOverwritesNothing()
      throws Exception {
    open(Conditions.UNKNOWN);
    ObjectStore first = bucket.store(new Stop());
    ObjectStore second = bucket.store(new Stop());
    first.putIfAbsent("k", body("one"));
    first.putIfAbsent("without", Body.of(new byte[] {1}));
    assertThatThrownBy(() -> second.putIfAbsent("k", body("two")))
        .isInstanceOf(StoreException.AlreadyThere.class);
    assertThatThrownBy(() -> first.putIfAbsent("k", body("three")))
        .isInstanceOf(StoreException.AlreadyThere.class);
    assertThat(bucket.objects().get("k")).asString().isEqualTo("one");
    ObjectStore third = bucket.store(new Stop());
    String upload = third.createMultipart("k");
    var part = third.uploadPart("k", upload, 1, body("four"));
    assertThatThrownBy(() -> third.completeMultipart("k", upload, List.of(part), true))
        .isInstanceOf(StoreException.AlreadyThere.class);
    assertThat(bucket.objects().get("k")).asString().isEqualTo("one");
    String free = third.createMultipart("free");
    third.completeMultipart(
        "free", free, List.of(third.uploadPart("free", free, 1, body("five"))), true);
    assertThat(bucket.objects().get("free")).asString().isEqualTo("five");
  }

  @Test
  void checkpointsAreCommittedThereAndStillCarryTheirChecksums() throws Exception {
    open(Conditions.UNKNOWN);
    byte[] large = large();
    try (var rig = new Rig(bucket, home, 1, Optional.empty())) {
      rig.start();
      rig.save("checkpoint-1", "w.bin", large, "a", "one");
      rig.awaitCommit(1);
      large[0] ^= 1;
      rig.save("checkpoint-2", "w.bin", large, "a", "two");
      rig.awaitCommit(2);
      assertThat(rig.commits.holds()).isEmpty();
      assertThat(rig.unbacked()).isEmpty();
      assertThat(bucket.objects().get(rig.key(2, "w.bin"))).isEqualTo(large);
    }
  }

  @Test
  void whereTheStorePassesOverTheConditionWhatAnotherWroteOverIsNeverRestored() throws Exception {
    open(Conditions.IGNORED);
    try (var rig = new Rig(bucket, home, 1, Optional.empty())) {
      rig.start();
      rig.save("checkpoint-1", "a", "one");
      rig.awaitCommit(1);
      rig.save("checkpoint-2", "a", "two");
      rig.awaitCommit(2);
      // Another process with this epoch's credentials; nobody else's write here.
      bucket.store(new Stop()).putIfAbsent(rig.key(2, "a"), body("2.0"));
      assertThat(bucket.objects().get(rig.key(2, "a"))).as("no size tells").asString().hasSize(3);
      var scope = new Scope(Rig.JOB, 2, home.resolve("next/kept"), home.resolve("next/scratch"));
      var kept = new KeptDirectory(bucket.store(new Stop()));
      var pointers = rig.commits.pointers();
      assertThatThrownBy(() -> kept.prepare(scope, Optional.of(pointers.get(1))))
          .isInstanceOf(DamagedCheckpoint.class);
      assertThat(kept.prepare(scope, Optional.of(pointers.get(0)))).isPresent();
      assertThat(scope.kept().resolve("checkpoint-1/a")).hasContent("one");
    }
  }

  private static byte[] large() {
    byte[] content = new byte[5 * PART + 3];
    new Random(3).nextBytes(content);
    return content;
  }

  private static Body body(String text) {
    byte[] bytes = text.getBytes();
    var crc = new java.util.zip.CRC32();
    crc.update(bytes);
    return Body.of(ByteBuffer.wrap(bytes), crc.getValue());
  }
}
