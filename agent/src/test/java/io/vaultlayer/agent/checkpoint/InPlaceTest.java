package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scripts that overwrite one file again and again, as {@code torch.save(..., "last.pt")} does. */
class InPlaceTest {
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
  void aSmallFileIsCopiedSoThatTheNextSaveCannotSpoilIt() throws Exception {
    bucket.faults(call -> call.isFor("PUT", "last.pt") ? Fault.SLOW : Fault.NONE);
    rig.start();
    Path last = Files.writeString(rig.kept.resolve("last.pt"), "first");
    Rig.until(() -> bucket.count("PUT", "last.pt") > 0);
    Files.writeString(last, "second");
    rig.awaitCommit(1);
    assertThat(new String(bucket.objects().get(rig.key(1, "last.pt")))).isEqualTo("first");
    rig.awaitCommit(2);
    assertThat(new String(bucket.objects().get(rig.key(2, "last.pt")))).isEqualTo("second");
    assertThat(rig.commits.holds()).isEmpty();
  }

  @Test
  void theManifestNamesFilesInTheOrderOfTheirAge() throws Exception {
    rig.start();
    var names = List.of("z.pt", "a.pt", "m.pt");
    for (int i = 0; i < names.size(); i++) {
      Path file = Files.writeString(rig.kept.resolve(names.get(i)), names.get(i));
      Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L + i));
    }
    rig.awaitCommit(1);
    var key = rig.commits.pointers().getLast().manifestKey();
    var manifest =
        Json.parse(new String(bucket.objects().get(key), StandardCharsets.UTF_8), Manifest.class);
    assertThat(manifest.files()).extracting(Manifest.File::path).isEqualTo(names);
  }

  @Test
  void aKillInTheMiddleOfARewriteCommitsNothing() throws Exception {
    var pipeline = rig.start();
    Path last = Files.writeString(rig.kept.resolve("last.bin"), "first, whole");
    rig.awaitCommit(1);
    try (var file = new RandomAccessFile(last.toFile(), "rw")) {
      file.write("second, ha".getBytes());
    }
    pipeline.processEnded(false);
    assertThat(pipeline.finish(Duration.ofSeconds(5)).committed().orElseThrow().step())
        .isEqualTo(1);
    assertThat(rig.commits.asked()).containsExactly(1L);
  }

  @Test
  void removingOurLinkToAFileBeingRewrittenDoesNotMakeItLookRenamed() throws Exception {
    // A numbered file is linked, not copied; the script then rewrites the same step in place and is
    // killed while our link goes away, which changes the file's ctime.
    bucket.faults(call -> call.isFor("PUT", "checkpoint-5.bin") ? Fault.SLOW : Fault.NONE);
    var pipeline = rig.start();
    Path file = Files.writeString(rig.kept.resolve("checkpoint-5.bin"), "whole");
    Rig.until(() -> bucket.count("PUT", "checkpoint-5.bin") > 0);
    Files.writeString(file, "half");
    Rig.until(() -> !rig.commits.holds().isEmpty());
    pipeline.processEnded(false);
    assertThat(pipeline.finish(Duration.ofSeconds(5)).committed()).isEmpty();
    Stat now = Stat.of(file).orElseThrow();
    assertThat(now.changedNanos()).as("the danger").isGreaterThan(now.modifiedNanos());
  }
}
