package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.gate.Fixtures;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointPipelineTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path home;
  private LoopbackBucket bucket;
  private Rig rig;

  @BeforeEach
  void open() throws IOException {
    bucket = new LoopbackBucket();
    rig = new Rig(bucket, home, 1, Optional.empty());
  }

  @AfterEach
  void close() {
    rig.close();
    bucket.close();
  }

  @Test
  void commitsADirectoryThatArrivedByRename() throws Exception {
    var pipeline = rig.start();
    rig.save("checkpoint-800", "weights.json", "[1]", "sub/state.bin", "state");
    rig.awaitCommit(800);
    assertThat(bucket.objects())
        .containsOnlyKeys(
            rig.key(800, "weights.json"),
            rig.key(800, "sub/state.bin"),
            rig.key(800, BucketLayout.MANIFEST));
    Manifest manifest = rig.commits.manifest(rig.commits.pointers().getFirst());
    assertThat(manifest.files())
        .extracting(Manifest.File::path)
        .containsExactly("checkpoint-800/sub/state.bin", "checkpoint-800/weights.json");
    assertThat(manifest.files().getFirst().crc()).hasSize(8);
    assertThat(manifest.createdAt()).isEqualTo("2026-11-20T10:00:00Z");
    assertThat(manifest.health()).containsEntry("complete", "rename");
    Rig.until(() -> pipeline.status().committedStep().orElse(0) == 800);
    Rig.until(() -> Tree.names(rig.scope.snapshots(), 10).isEmpty());
  }

  @Test
  void commitsOneCheckpointAfterTheOther() throws Exception {
    rig.start();
    for (long step = 1; step <= 5; step++) {
      rig.save("checkpoint-" + step, "w", "weights " + step);
      rig.awaitCommit(step);
    }
    assertThat(rig.commits.steps()).containsExactly(1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void waitsForQuietWhereNothingWasRenamed() throws Exception {
    rig.start();
    Path checkpoint = Files.createDirectory(rig.kept.resolve("checkpoint-5"));
    rig.written = checkpoint.resolve("part");
    for (int i = 0; i < 10; i++) {
      Rig.fill(checkpoint, "part" + i, "x");
      Thread.sleep(60);
    }
    assertThat(rig.commits.asked()).as("while it was written").isEmpty();
    rig.written = Path.of("/nowhere");
    rig.awaitCommit(5);
    assertThat(rig.commits.pointers().getFirst().files()).isEqualTo(10);
  }

  @Test
  void waitsAsLongAsSomebodyHasAFileOpen() throws Exception {
    rig.start();
    Path checkpoint = Files.createDirectory(rig.kept.resolve("checkpoint-5"));
    rig.written = checkpoint.resolve("w");
    Rig.fill(checkpoint, "w", "x");
    Thread.sleep(600);
    assertThat(rig.commits.asked()).isEmpty();
    rig.written = Path.of("/nowhere");
    rig.awaitCommit(5);
  }

  @Test
  void waitsWhileAFileInsideIsStillTemporary() throws Exception {
    rig.start();
    Path checkpoint = Files.createDirectory(rig.kept.resolve("checkpoint-5"));
    Rig.fill(checkpoint, "w", "x", ".tmpAbC123", "half");
    Thread.sleep(600);
    assertThat(rig.commits.asked()).isEmpty();
    Files.move(checkpoint.resolve(".tmpAbC123"), checkpoint.resolve("model.safetensors.txt"));
    rig.awaitCommit(5);
  }

  @Test
  void neverCommitsAHalfWrittenDirectoryOfAKilledScript() throws Exception {
    var pipeline = rig.start();
    rig.save("checkpoint-1", "w", "good");
    rig.awaitCommit(1);
    Rig.fill(Files.createDirectory(rig.kept.resolve("checkpoint-2")), "w", "half");
    pipeline.processEnded(false);
    var finished = pipeline.finish(SOON);
    assertThat(finished.committed().orElseThrow().step()).isEqualTo(1);
    assertThat(finished.everythingStored()).isTrue();
    assertThat(rig.commits.asked()).containsExactly(1L);
  }

  @Test
  void commitsWhatWasRenamedJustBeforeTheKill() throws Exception {
    var pipeline = rig.start();
    rig.save("checkpoint-3", "w", "whole");
    pipeline.processEnded(false);
    assertThat(pipeline.finish(SOON).committed().orElseThrow().step()).isEqualTo(3);
  }

  @Test
  void commitsWhatAScriptLeftInPlaceWhenItExitedWell() throws Exception {
    var pipeline = rig.start();
    Rig.fill(Files.createDirectory(rig.kept.resolve("checkpoint-3")), "w", "whole");
    pipeline.processEnded(true);
    assertThat(pipeline.finish(SOON).committed().orElseThrow().step()).isEqualTo(3);
  }

  @Test
  void endsSoonWhenThereIsNothingToCommit() {
    var pipeline = rig.start();
    pipeline.processEnded(true);
    long before = System.nanoTime();
    var finished = pipeline.finish(SOON);
    assertThat(finished.everythingStored()).isTrue();
    assertThat(finished.committed()).isEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(2));
  }

  @Test
  void takesAWholeZipOfAKilledScriptAndNoTruncatedOne() throws Exception {
    var pipeline = rig.start();
    byte[] zip = Fixtures.zip();
    Files.write(rig.kept.resolve("checkpoint-4.pt"), zip);
    Files.write(rig.kept.resolve("checkpoint-5.pt"), java.util.Arrays.copyOf(zip, zip.length - 9));
    pipeline.processEnded(false);
    assertThat(pipeline.finish(SOON).committed().orElseThrow().step()).isEqualTo(4);
  }

  @Test
  void numbersTheSavesOfAScriptWithoutSteps() throws Exception {
    rig.start();
    replace("last.pt", "one");
    rig.awaitCommit(1);
    replace("last.pt", "two");
    rig.awaitCommit(2);
    assertThat(rig.commits.manifest(rig.commits.pointers().getLast()).files())
        .extracting(Manifest.File::path)
        .containsExactly("last.pt");
    assertThat(bucket.objects()).containsKey(rig.key(2, "last.pt"));
  }

  @Test
  void numbersOnFromThePointer() throws Exception {
    var pointer = new AttemptApi.Pointer(7, 1, "k", "d", 1, 1);
    rig = new Rig(bucket, home, 2, Optional.of(pointer));
    rig.start();
    replace("last.pt", "one");
    rig.awaitCommit(8);
  }

  @Test
  void takesAllFilesOfAScriptWithoutStepsAsOneCheckpoint() throws Exception {
    rig.start();
    replace("model.pt", "m1");
    replace("optimizer.pt", "o1");
    rig.awaitCommit(1);
    assertThat(rig.commits.pointers().getFirst().files()).isEqualTo(2);
    replace("model.pt", "m2");
    rig.awaitCommit(2);
    assertThat(bucket.objects())
        .as("what did not change")
        .doesNotContainKey(rig.key(2, "optimizer.pt"));
    assertThat(rig.commits.manifest(rig.commits.pointers().getLast()).files())
        .extracting(Manifest.File::key)
        .as("the older first")
        .containsExactly(rig.key(1, "optimizer.pt"), rig.key(2, "model.pt"));
  }

  @Test
  void commitsSingleFilesThatStateTheirStep() throws Exception {
    rig.start();
    replace("ckpt-10.json", "{}");
    rig.awaitCommit(10);
    assertThat(bucket.objects()).containsKey(rig.key(10, "ckpt-10.json"));
    assertThat(bucket.objects().keySet()).noneMatch(key -> key.contains("step-000000000011"));
  }

  @Test
  void waitsForTheSecondFileOfAStep() throws Exception {
    rig.start();
    replace("step-1.model", "m");
    replace("step-1.optimizer", "o");
    rig.awaitCommit(1);
    assertThat(rig.commits.pointers().getFirst().files()).isEqualTo(2);
  }

  @Test
  void sendsNoUnchangedFileAgain() throws Exception {
    rig.start();
    rig.save("checkpoint-1", "tokenizer.json", "{\"same\":1}", "w", "one");
    rig.awaitCommit(1);
    rig.save("checkpoint-2", "tokenizer.json", "{\"same\":1}", "w", "two");
    rig.awaitCommit(2);
    assertThat(bucket.objects()).doesNotContainKey(rig.key(2, "tokenizer.json"));
    assertThat(bucket.objects()).containsKey(rig.key(2, "w"));
    assertThat(rig.unbacked()).isEmpty();
  }

  @Test
  void sendsLargeFilesInParts() throws Exception {
    rig.start();
    bucket.faults(call -> call.query().containsKey("partNumber") ? Fault.SLOW : Fault.NONE);
    byte[] large = new byte[(3 << 20) + 17];
    new Random(1).nextBytes(large);
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    assertThat(bucket.objects().get(rig.key(1, "w.bin"))).isEqualTo(large);
    assertThat(bucket.count("PUT", "w.bin")).as("parts").isEqualTo(13);
    assertThat(bucket.mostInFlight()).isBetween(2, Crew.LARGE + 2);
    assertThat(bucket.openUploads()).isZero();
  }

  @Test
  void sendsALargeFileAgainOnlyWhenItChanged() throws Exception {
    rig.start();
    byte[] large = new byte[(2 << 20) + 5];
    rig.save("checkpoint-1", "w.bin", large);
    rig.awaitCommit(1);
    rig.save("checkpoint-2", "w.bin", large);
    rig.awaitCommit(2);
    assertThat(bucket.objects()).doesNotContainKey(rig.key(2, "w.bin"));
    large[1 << 20] = 1;
    rig.save("checkpoint-3", "w.bin", large);
    rig.awaitCommit(3);
    assertThat(bucket.objects().get(rig.key(3, "w.bin"))).isEqualTo(large);
    assertThat(rig.unbacked()).isEmpty();
  }

  @Test
  void survivesARotationByRename() throws Exception {
    bucket.faults(call -> call.isFor("PUT", "checkpoint-1.bin") ? Fault.SLOW : Fault.NONE);
    rig.start();
    replace("checkpoint-1.bin", "one");
    Rig.until(() -> bucket.count("PUT", "checkpoint-1.bin") > 0);
    Files.move(rig.kept.resolve("checkpoint-1.bin"), rig.kept.resolve(".previous"));
    rig.awaitCommit(1);
    assertThat(rig.commits.holds()).isEmpty();
  }

  @Test
  void keepsThePointerFileOfAFrameworkWithItsCheckpoint() throws Exception {
    rig.start();
    Path saved = Files.createDirectory(rig.kept.resolve("global_step5"));
    Rig.fill(saved, "mp_rank_00_model_states.bin", "w");
    Rig.fill(rig.kept, "latest", "global_step5\n", "notes.txt", "not of it");
    rig.awaitCommit(5);
    assertThat(rig.commits.manifest(rig.commits.pointers().getFirst()).files())
        .extracting(Manifest.File::path)
        .containsExactly("global_step5/mp_rank_00_model_states.bin", "latest");
  }

  @Test
  void survivesTheScriptsRotationDuringTheUpload() throws Exception {
    rig.start();
    byte[] large = new byte[2 << 20];
    bucket.faults(call -> call.isFor("PUT", "w.bin") ? Fault.SLOW : Fault.NONE);
    Path saved = rig.save("checkpoint-1", "w.bin", large, "small", "s");
    Rig.until(() -> bucket.count("PUT", "w.bin") > 0);
    Trees.delete(saved);
    rig.awaitCommit(1);
    assertThat(rig.unbacked()).isEmpty();
  }

  @Test
  void holdsWhatIsWrittenToDuringTheUpload() throws Exception {
    rig.start();
    byte[] large = new byte[2 << 20];
    bucket.faults(call -> call.isFor("PUT", "w.bin") ? Fault.SLOW : Fault.NONE);
    Path saved = rig.save("checkpoint-1", "w.bin", large);
    Rig.until(() -> bucket.count("PUT", "w.bin") > 0);
    bucket.faults(call -> Fault.NONE);
    try (var file = new java.io.RandomAccessFile(saved.resolve("w.bin").toFile(), "rw")) {
      file.seek(1 << 20);
      file.write(1);
    }
    Rig.until(() -> !rig.commits.holds().isEmpty());
    assertThat(rig.commits.holds().getFirst().reason()).contains("changed while it was uploaded");
    rig.awaitCommit(1);
    assertThat(bucket.objects().get(keyOf("checkpoint-1/w.bin"))[1 << 20]).isEqualTo((byte) 1);
    assertThat(rig.unbacked()).isEmpty();
  }

  @Test
  void skipsOlderCheckpointsWhenSeveralWait() throws Exception {
    bucket.faults(call -> call.isFor("PUT", "step-000000000001") ? Fault.SLOW : Fault.NONE);
    rig.start();
    rig.save("checkpoint-1", "w", "one");
    Rig.until(() -> bucket.count("PUT", "step-000000000001") > 0);
    rig.save("checkpoint-2", "w", "two");
    rig.save("checkpoint-3", "w", "three");
    rig.awaitCommit(3);
    assertThat(rig.commits.steps()).startsWith(1L).endsWith(3L);
  }

  @Test
  void holdsACheckpointSavedWhileTheLossWasNoNumber() throws Exception {
    rig.start();
    rig.loss = OptionalDouble.of(Double.NaN);
    rig.save("checkpoint-1", "w", "nan");
    Rig.until(() -> !rig.commits.holds().isEmpty());
    assertThat(rig.commits.holds().getFirst().reason()).contains("loss was NaN");
    rig.loss = OptionalDouble.of(0.5);
    rig.save("checkpoint-2", "w", "well");
    rig.awaitCommit(2);
    assertThat(rig.commits.steps()).containsExactly(2L);
  }

  @Test
  void holdsWhatItsFormatShowsToBeBroken() throws Exception {
    var pipeline = rig.start();
    byte[] zip = Fixtures.zip();
    rig.save("checkpoint-1", "model.pt", java.util.Arrays.copyOf(zip, zip.length - 5));
    Rig.until(() -> !rig.commits.holds().isEmpty());
    assertThat(rig.commits.holds().getFirst().step()).isEqualTo(1);
    assertThat(rig.commits.holds().getFirst().reason()).contains("not a whole zip file");
    assertThat(pipeline.status().warnings().getFirst()).contains("step 1 held");
    assertThat(bucket.objects()).isEmpty();
  }

  @Test
  void ignoresEmptyDirectoriesAndFilesWithoutContent() throws Exception {
    var pipeline = rig.start();
    rig.save("checkpoint-1");
    rig.save("checkpoint-2", "w", "");
    pipeline.processEnded(true);
    assertThat(pipeline.finish(SOON).committed()).isEmpty();
    assertThat(bucket.objects()).isEmpty();
  }

  @Test
  void leavesLinksOutAndSaysSo() throws Exception {
    var pipeline = rig.start();
    Path unfinished = Files.createDirectory(rig.kept.resolve(".tmp-x"));
    Rig.fill(unfinished, "w", "x");
    Files.createSymbolicLink(unfinished.resolve("secret"), Path.of("w"));
    Thread.sleep(15);
    Files.move(unfinished, rig.kept.resolve("checkpoint-1"));
    rig.awaitCommit(1);
    assertThat(rig.commits.pointers().getFirst().files()).isEqualTo(1);
    assertThat(pipeline.status().warnings().getFirst()).contains("checkpoint-1/secret");
  }

  @Test
  void holdsWhatHasANameThatCannotBeDecoded() throws Exception {
    rig.start();
    Path unfinished = Files.createDirectory(rig.kept.resolve(".tmp-x"));
    Rig.fill(unfinished, "w", "x");
    var touch = new ProcessBuilder("sh", "-c", "touch \"$(printf 'bad\\377')\"");
    assertThat(touch.directory(unfinished.toFile()).start().waitFor()).isZero();
    Files.move(unfinished, rig.kept.resolve("checkpoint-1"));
    Rig.until(() -> !rig.commits.holds().isEmpty());
    assertThat(rig.commits.holds().getFirst().reason()).contains("no UTF-8 text");
    assertThat(bucket.objects()).isEmpty();
    assertThat(new ProcessBuilder("rm", "-rf", rig.kept.toString()).start().waitFor()).isZero();
  }

  @Test
  void tellsTheControlPlaneOnceThatTheScriptStartedOver() throws Exception {
    var pointer = new AttemptApi.Pointer(800, 1, "k", "d", 1, 1);
    rig = new Rig(bucket, home, 2, Optional.of(pointer));
    var pipeline = rig.start();
    rig.save("checkpoint-100", "w", "x");
    Rig.until(() -> rig.commits.asked().contains(100L));
    rig.save("checkpoint-200", "w", "y");
    rig.save("checkpoint-900", "w", "z");
    rig.awaitCommit(900);
    assertThat(rig.commits.asked()).containsExactly(100L, 900L);
    assertThat(pipeline.status().warnings().getFirst()).contains("to resume at 800");
  }

  @Test
  void keepsTryingWhileTheControlPlaneIsAway() throws Exception {
    rig.commits.answer(new CommitResult.Unavailable("down"), new CommitResult.Unavailable("down"));
    rig.start();
    rig.save("checkpoint-1", "w", "x");
    rig.awaitCommit(1);
    assertThat(rig.commits.asked()).containsExactly(1L, 1L, 1L);
    assertThat(bucket.count("PUT", "")).as("nothing is sent twice").isEqualTo(2);
  }

  @Test
  void keepsTryingWhileTheBucketIsAway() throws Exception {
    var left = new AtomicInteger(12);
    bucket.faults(call -> left.getAndDecrement() > 0 ? Fault.SERVER_ERROR : Fault.NONE);
    rig.start();
    rig.save("checkpoint-1", "w", "x");
    rig.awaitCommit(1);
  }

  @Test
  void findsItsOwnObjectsAfterLostAnswers() throws Exception {
    var seen = new AtomicInteger();
    bucket.faults(call ->
        call.method().equals("PUT") && seen.getAndIncrement() % 2 == 0
            ? Fault.LOST_ANSWER
            : Fault.NONE);
    rig.start();
    rig.save("checkpoint-1", "a", "1", "b", "2", "c.bin", new byte[2 << 20]);
    rig.awaitCommit(1);
    assertThat(bucket.objects()).hasSize(4);
  }

  @Test
  void stopsForGoodWhenFenced() throws Exception {
    rig.commits.answer(new CommitResult.Fenced());
    var pipeline = rig.start();
    rig.save("checkpoint-1", "w", "x");
    Rig.until(rig.stop::isPulled);
    int before = bucket.calls().size();
    rig.save("checkpoint-2", "w", "y");
    Thread.sleep(300);
    assertThat(bucket.calls()).hasSize(before);
    pipeline.processEnded(false);
    assertThat(pipeline.finish(SOON).everythingStored()).isFalse();
  }

  @Test
  void saysWhenItRanOutOfTime() throws Exception {
    bucket.faults(call -> Fault.SERVER_ERROR);
    var pipeline = rig.start();
    rig.save("checkpoint-1", "w", "x");
    pipeline.processEnded(false);
    var finished = pipeline.finish(Duration.ofMillis(400));
    assertThat(finished.everythingStored()).isFalse();
    assertThat(finished.detail()).contains("step 1 is not stored yet");
  }

  @Test
  void storesAScriptsOwnManifestFileBesideOurs() throws Exception {
    rig.start();
    rig.save("checkpoint-1", "_manifest.json", "{\"theirs\":true}", "w", "x");
    rig.awaitCommit(1);
    assertThat(rig.unbacked()).isEmpty();
    assertThat(bucket.objects()).containsKey(rig.key(1, "_2/_manifest.json"));
  }

  private String keyOf(String path) {
    return rig.commits.manifest(rig.commits.pointers().getLast()).files().stream()
        .filter(file -> file.path().equals(path))
        .findFirst()
        .orElseThrow()
        .key();
  }

  private void replace(String name, String content) throws Exception {
    Path unfinished = Files.writeString(rig.kept.resolve(name + ".tmp"), content);
    Thread.sleep(15);
    Files.move(unfinished, rig.kept.resolve(name), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }
}
