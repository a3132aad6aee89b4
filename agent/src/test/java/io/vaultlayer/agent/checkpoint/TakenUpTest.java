package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.agent.s3.Stop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An agent ended inside an upload of nine parts of 256 KiB, when all but the fifth had arrived;
 * what the next one of the epoch finds is not what the other left.
 */
class TakenUpTest {
  private static final int PART = 256 << 10;

  @TempDir Path home;
  private LoopbackBucket bucket;
  private final byte[] large = new byte[8 * PART + 17];

  @BeforeEach
  void leaveAnUpload() throws Exception {
    bucket = new LoopbackBucket();
    new Random(5).nextBytes(large);
    try (var rig = new Rig(bucket, home, 1, Optional.empty())) {
      bucket.faults(call -> isPart(call) && isNumber(call, "5") ? Fault.SERVER_ERROR : Fault.NONE);
      rig.start();
      rig.save("checkpoint-1", "w.bin", large, "small", "x");
      Rig.until(() -> bucket.uploads().parts().size() == 8);
    }
    Rig.until(() -> bucket.inFlight() == 0);
    bucket.faults(call -> Fault.NONE);
    bucket.calls().clear();
  }

  @AfterEach
  void close() {
    bucket.close();
  }

  @Test
  void onlyWhatIsMissingIsSent() throws Exception {
    assertThat(finished()).containsExactly("5");
    assertThat(bucket.count("PUT", "/small")).as("a file that was stored").isZero();
  }

  @Test
  void aPartThatIsNotWhatWasSentIsSentAgain() throws Exception {
    bucket.uploads().damage(7);
    assertThat(finished()).containsExactlyInAnyOrder("5", "7");
  }

  @Test
  void anUploadThatWasDroppedIsBegunAgain() throws Exception {
    bucket.uploads().clear();
    assertThat(finished()).hasSize(9);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anUploadThatWasCompletedWithoutAnAnswerIsRecognised(boolean listedStill) throws Exception {
    if (listedStill) {
      bucket.uploads().listGone();
    }
    var lost = new AtomicBoolean();
    bucket.faults(call -> {
      if (lost.get()) {
        return Fault.SERVER_ERROR;
      }
      lost.set(call.method().equals("POST"));
      return lost.get() ? Fault.LOST_ANSWER : Fault.NONE;
    });
    try (var second = new Rig(bucket, home, 1, Optional.empty())) {
      Thread.startVirtualThread(() -> {
        Rig.until(() -> bucket.objects().containsKey(second.key(1, "w.bin")));
        second.stop.pull();
      });
      var finished = second.finishLeft();
      assertThat(finished.everythingStored()).isFalse();
      assertThat(finished.committed()).isEmpty();
    }
    Rig.until(() -> bucket.inFlight() == 0);
    bucket.faults(call -> Fault.NONE);
    assertThat(bucket.objects().keySet()).anyMatch(key -> key.endsWith("w.bin"));
    bucket.calls().clear();
    assertThat(finished()).isEmpty();
  }

  @Test
  void aStoreThatListsNoPartsGetsAllOfThem() throws Exception {
    bucket.faults(call ->
        call.method().equals("GET") && call.query().containsKey("uploadId")
            ? Fault.UNKNOWN
            : Fault.NONE);
    assertThat(finished()).hasSize(9);
  }

  @Test
  void aTornJournalCostsNoMoreThanWhatItDoesNotSay() throws Exception {
    Path journal = journal();
    List<String> lines = Files.readAllLines(journal);
    String part = lines.stream().filter(line -> line.startsWith("P ", 9)).findFirst().orElseThrow();
    String damaged = part.substring(0, 12) + 'x' + part.substring(13);
    String text = Files.readString(journal).replace(part, damaged);
    Files.writeString(journal, text.substring(0, text.length() - 3));
    assertThat(finished()).contains("5").hasSizeBetween(2, 3);
  }

  @Test
  void withoutAJournalAllIsSentAndTheResultIsRight() throws Exception {
    Files.delete(journal());
    bucket.uploads().clear();
    assertThat(finished()).hasSize(9);
  }

  @Test
  void aFileThatIsCutInOtherPartsIsBegunAgain() throws Exception {
    try (var journal = UploadJournal.in(journal().getParent())) {
      var upload = journal.read().begun().values().iterator().next().upload();
      journal.opened(upload.path(), upload.key(), upload.id(), 2L * PART);
    }
    assertThat(finished()).hasSize(9);
  }

  @Test
  void anAgentThatIsEndedOnceMoreIsFollowedByOneThatSendsTheRest() throws Exception {
    bucket.faults(call -> isPart(call) ? Fault.SERVER_ERROR : Fault.NONE);
    try (var second = new Rig(bucket, home, 1, Optional.empty())) {
      var pipeline = second.make(Optional.empty());
      assertThat(pipeline.finishLeft(Duration.ofMillis(300)).everythingStored()).isFalse();
    }
    Rig.until(() -> bucket.inFlight() == 0);
    bucket.faults(call -> Fault.NONE);
    bucket.calls().clear();
    assertThat(finished()).containsExactly("5");
  }

  @Test
  void whatIsGivenUpLeavesNoOpenUpload() throws Exception {
    try (var next = new Rig(bucket, home, 1, Optional.empty())) {
      var pipeline = next.make(Optional.empty());
      assertThat(pipeline.finishLeft(Duration.ZERO).everythingStored()).isFalse();
      CheckpointPipeline.dropLeft(next.scope, bucket.store(new Stop()));
      assertThat(next.commits.steps()).isEmpty();
      assertThat(bucket.openUploads()).isZero();
      next.make(Optional.empty()).start();
      assertThat(CheckpointPipeline.isLeft(next.scope)).as("with its journal").isFalse();
    }
  }

  @Test
  void aSnapshotThatWasWrittenToSinceLeavesNoOpenUpload() throws Exception {
    try (var files = Files.walk(home)) {
      Path linked = files.filter(file -> file.endsWith("w.bin")).findFirst().orElseThrow();
      Files.write(linked, new byte[] {1}, java.nio.file.StandardOpenOption.APPEND);
    }
    try (var next = new Rig(bucket, home, 1, Optional.empty())) {
      assertThat(next.finishLeft().committed()).isEmpty();
      assertThat(bucket.openUploads()).isZero();
    }
  }

  /** The next agent finishes. @return the numbers of the parts that it sent, a copy is none */
  private List<String> finished() throws Exception {
    try (var next = new Rig(bucket, home, 1, Optional.empty())) {
      var finished = next.finishLeft();
      assertThat(finished.everythingStored()).as(finished.detail()).isTrue();
      assertThat(next.commits.steps()).containsExactly(1L);
      assertThat(next.unbacked()).isEmpty();
      assertThat(bucket.objects().get(next.key(1, "w.bin"))).isEqualTo(large);
      assertThat(bucket.openUploads()).isZero();
      assertThat(CheckpointPipeline.isLeft(next.scope)).isFalse();
    }
    return parts().map(call -> call.query().get("partNumber")).toList();
  }

  private Path journal() throws IOException {
    try (var files = Files.walk(home.resolve("scratch"))) {
      return files.filter(file -> file.endsWith("upload.journal")).findFirst().orElseThrow();
    }
  }

  private Stream<Call> parts() {
    return List.copyOf(bucket.calls()).stream().filter(TakenUpTest::isPart);
  }

  private static boolean isPart(Call call) {
    return call.method().equals("PUT") && call.query().containsKey("partNumber");
  }

  private static boolean isNumber(Call call, String number) {
    return call.query().get("partNumber").equals(number);
  }
}
