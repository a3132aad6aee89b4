package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.BucketLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent ends in the middle of its work; another one of the same epoch may follow. */
class CutShortTest {
  /** Of the file in parts: 256 KiB each. */
  private static final int PARTS = 6;

  @TempDir Path home;
  private LoopbackBucket bucket;

  @BeforeEach
  void open() throws IOException {
    bucket = new LoopbackBucket();
  }

  @AfterEach
  void close() {
    bucket.close();
  }

  @Test
  void stoppedAtAnyRequestItLeavesNoManifestWithoutItsFilesAndTheNextOneSendsTheRest()
      throws Exception {
    int requests = 0;
    for (int at = 1; requests == 0 || at <= requests; at++) {
      bucket.objects().clear();
      bucket.calls().clear();
      Path place = Files.createDirectory(home.resolve("cut" + at));
      try (var rig = new Rig(bucket, place, 1, Optional.empty())) {
        var left = new AtomicInteger(at);
        bucket.faults(call -> {
          if (left.decrementAndGet() != 0) {
            return Fault.NONE;
          }
          rig.stop.pull();
          return call.method().equals("GET") ? Fault.NONE : Fault.LOST_ANSWER;
        });
        var pipeline = rig.start();
        save(rig);
        Rig.until(() -> rig.stop.isPulled() || rig.commits.steps().contains(7L));
        if (rig.commits.steps().contains(7L)) {
          requests = bucket.calls().size();
        }
        pipeline.stopNewUploads();
        assertThat(rig.unbacked()).as("stopped at request %s", at).isEmpty();
      }
      if (requests > 0) {
        break;
      }
      bucket.faults(call -> Fault.NONE);
      // What the first one had under way may still arrive.
      Rig.until(() -> bucket.inFlight() == 0);
      var there = Set.copyOf(bucket.uploads().parts());
      boolean completed = bucket.objects().keySet().stream().anyMatch(key -> key.endsWith("c.bin"));
      int sent = bucket.calls().size();
      try (var next = new Rig(bucket, place, 1, Optional.empty())) {
        Files.walk(next.kept).filter(Files::isRegularFile).forEach(CutShortTest::delete);
        assertThat(next.finishLeft().everythingStored()).isTrue();
        assertThat(next.commits.steps()).contains(7L);
        assertThat(next.unbacked()).isEmpty();
        assertThat(bucket.objects().keySet()).noneMatch(key -> key.contains("/_2/"));
        assertThat(CheckpointPipeline.isLeft(next.scope)).isFalse();
      }
      List<Call> second = bucket.calls().subList(sent, bucket.calls().size());
      assertThat(second).isNotEmpty();
      assertThat(second.stream().filter(CutShortTest::isPart).map(CutShortTest::name))
          .as("parts sent twice, stopped at request %s", at)
          .noneMatch(there::contains)
          .hasSize(completed ? 0 : PARTS - there.size());
      bucket.uploads().clear();
    }
    assertThat(requests).as("requests of an undisturbed upload").isGreaterThan(10);
  }

  @Test
  void aSnapshotThatWasNotFinishedIsNotTakenUp() throws Exception {
    try (var rig = new Rig(bucket, home, 1, Optional.empty())) {
      Path half = Files.createDirectories(rig.scope.snapshots().resolve("e1-1/files/checkpoint-3"));
      Files.writeString(half.resolve("w"), "half");
      assertThat(rig.finishLeft().committed()).isEmpty();
      assertThat(half).doesNotExist();
    }
  }

  @Test
  void aSnapshotOfAnEarlierEpochIsNotTakenUp() throws Exception {
    try (var rig = new Rig(bucket, home, 1, Optional.empty())) {
      bucket.faults(call -> Fault.SERVER_ERROR);
      rig.start();
      rig.save("checkpoint-3", "w", "x");
      Rig.until(() -> !bucket.calls().isEmpty());
    }
    // A request that the first agent had under way when it was cut short may still arrive.
    Thread.sleep(500);
    bucket.faults(call -> Fault.NONE);
    bucket.calls().clear();
    Trees.delete(home.resolve("kept"));
    try (var rig = new Rig(bucket, home, 2, Optional.empty())) {
      var pipeline = rig.start();
      pipeline.processEnded(false);
      assertThat(pipeline.finish(Duration.ofSeconds(5)).committed()).isEmpty();
      assertThat(bucket.calls()).isEmpty();
      assertThat(Tree.names(rig.scope.snapshots(), 10)).isEmpty();
    }
  }

  @Test
  void aLinkedFileThatWasWrittenToSinceIsNotTakenUp() throws Exception {
    Path saved;
    try (var rig = new Rig(bucket, home, 1, Optional.empty())) {
      bucket.faults(call -> Fault.SERVER_ERROR);
      rig.start();
      saved = rig.save("checkpoint-3", "w", "x");
      Rig.until(() -> !bucket.calls().isEmpty());
    }
    bucket.faults(call -> Fault.NONE);
    Files.writeString(saved.resolve("w"), "torn");
    try (var rig = new Rig(bucket, home, 1, Optional.empty())) {
      assertThat(rig.finishLeft().committed()).isEmpty();
      assertThat(bucket.objects().keySet()).noneMatch(key -> key.endsWith(BucketLayout.MANIFEST));
    }
  }

  private static boolean isPart(Call call) {
    return call.method().equals("PUT") && call.query().containsKey("partNumber");
  }

  private static String name(Call part) {
    return part.key() + "#" + part.query().get("partNumber");
  }

  private static void save(Rig rig) throws Exception {
    byte[] large = new byte[(1 << 20) + (300 << 10)];
    new Random(7).nextBytes(large);
    rig.save("checkpoint-7", "a", "1", "b", "2", "c.bin", large);
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
