package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A script saves in every manner, rotates, and is killed in the middle of a save, while the bucket
 * fails, slows down and loses answers. Whatever was committed is whole, and comes back whole.
 */
class SeededSavesTest {
  private static final Fault[] FAULTS = {
    Fault.SERVER_ERROR, Fault.SLOW_DOWN, Fault.CUT, Fault.LOST_ANSWER, Fault.CUT_ANSWER
  };

  @TempDir Path home;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void nothingTornIsEverCommitted(long seed) throws Exception {
    var random = new Random(seed);
    try (var bucket = new LoopbackBucket();
        var rig = new Rig(bucket, home, 1, Optional.empty())) {
      var faults = new Random(seed * 31);
      bucket.faults(call -> {
        synchronized (faults) {
          return faults.nextInt(6) == 0 ? FAULTS[faults.nextInt(FAULTS.length)] : Fault.NONE;
        }
      });
      var pipeline = rig.start();
      for (int step = 1; step <= 10; step++) {
        save(rig, random, step);
        if (random.nextInt(3) == 0) {
          Trees.delete(rig.kept.resolve("checkpoint-" + (step - 1)));
        }
        Thread.sleep(random.nextInt(400));
      }
      boolean clean = random.nextBoolean();
      if (!clean) {
        write(Files.createDirectories(rig.kept.resolve("checkpoint-99")), 99, 4, 2);
      }
      pipeline.processEnded(clean);
      var finished = pipeline.finish(Duration.ofSeconds(30));
      assertThat(finished.everythingStored()).as(finished.detail()).isTrue();
      assertThat(rig.unbacked()).isEmpty();
      assertThat(rig.commits.steps()).isNotEmpty().isSorted().doesNotContain(99L);
      for (AttemptApi.Pointer pointer : rig.commits.pointers()) {
        assertWhole(bucket, rig.commits.manifest(pointer));
      }
      restores(bucket, rig.commits.pointers().getLast());
    }
  }

  private static void save(Rig rig, Random random, int step) throws Exception {
    int files = 1 + random.nextInt(5);
    Path last = rig.kept.resolve("checkpoint-" + step);
    if (random.nextInt(3) > 0) {
      Path unfinished = Files.createDirectories(rig.kept.resolve(".tmp-" + step));
      write(unfinished, step, files, files);
      Thread.sleep(random.nextInt(20));
      Files.move(unfinished, last);
    } else {
      // Its file stays open: a busy machine may make a pause look like the end of a save.
      rig.written = last.resolve("part");
      Files.createDirectories(last);
      for (int written = 0; written <= files; written++) {
        write(last, step, files, written);
        Thread.sleep(random.nextInt(120));
      }
      rig.written = Path.of("/nowhere");
    }
  }

  /** The first file says how many there will be. */
  private static void write(Path directory, int step, int files, int written) throws IOException {
    Rig.fill(directory, "count", Integer.toString(files));
    for (int i = 0; i < written; i++) {
      if (!Files.exists(directory.resolve("part-" + i))) {
        Rig.fill(directory, "part-" + i, "part " + i + " of step " + step + " ".repeat(i * 70_000));
      }
    }
  }

  private static void assertWhole(LoopbackBucket bucket, Manifest manifest) {
    String top = "checkpoint-" + manifest.step() + "/";
    var contents =
        manifest.files().stream()
            .collect(
                Collectors.toMap(
                    Manifest.File::path,
                    file ->
                        new String(bucket.objects().get(file.key()), StandardCharsets.UTF_8)
                            .strip()));
    int files = Integer.parseInt(contents.get(top + "count"));
    assertThat(contents).as("step %s", manifest.step()).hasSize(files + 1);
    IntStream.range(0, files)
        .forEach(i ->
            assertThat(contents)
                .containsEntry(top + "part-" + i, "part " + i + " of step " + manifest.step()));
  }

  private void restores(LoopbackBucket bucket, AttemptApi.Pointer pointer) throws Exception {
    var scope = new Scope(Rig.JOB, 2, home.resolve("next/kept"), home.resolve("next/scratch"));
    Optional<Restored> restored = Optional.empty();
    for (int tries = 0; restored.isEmpty(); tries++) {
      try {
        restored = new KeptDirectory(bucket.store(new Stop())).prepare(scope, Optional.of(pointer));
      } catch (io.vaultlayer.agent.s3.StoreException e) {
        assertThat(tries).as("tries, last %s", e.getMessage()).isLessThan(20);
      }
    }
    assertThat(restored.get().from()).isDirectory();
    int files = Integer.parseInt(Files.readString(restored.get().from().resolve("count")).strip());
    assertThat(Tree.names(restored.get().from(), 100)).hasSize(files + 1);
  }
}
