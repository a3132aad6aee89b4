package io.vaultlayer.agent.checkpoint;

import static org.awaitility.Awaitility.await;

import io.vaultlayer.agent.gate.Vitals;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** One attempt's pipeline on real files, a loopback bucket and a control plane that looks. */
final class Rig implements AutoCloseable {
  static final String JOB = "job_01jd8w3v5n8m2q4r6t0v2x4z6a";

  /** The usual pace, ten to forty times as fast. */
  static final CheckpointPipeline.Pace FAST =
      new CheckpointPipeline.Pace(
          Duration.ofMillis(20),
          Duration.ofMillis(250),
          Duration.ofMillis(60),
          Duration.ofMillis(1500),
          Duration.ofMillis(20),
          Duration.ofMillis(100));

  final LoopbackBucket bucket;
  final Scope scope;
  final Path kept;
  final Stop stop = new Stop();
  final JudgingCommits commits;
  volatile OptionalDouble loss = OptionalDouble.empty();
  volatile OptionalInt world = OptionalInt.empty();
  volatile Optional<String> ailment = Optional.empty();
  volatile Path written = Path.of("/nowhere");
  private final Optional<AttemptApi.Pointer> pointer;
  private final Supplier<AttemptApi.S3Credentials> credentials;
  private CheckpointPipeline pipeline;

  Rig(LoopbackBucket bucket, Path home, int epoch, Optional<AttemptApi.Pointer> pointer)
      throws IOException {
    this(bucket, home, epoch, pointer, bucket::credentials);
  }

  Rig(
      LoopbackBucket bucket,
      Path home,
      int epoch,
      Optional<AttemptApi.Pointer> pointer,
      Supplier<AttemptApi.S3Credentials> credentials)
      throws IOException {
    this.credentials = credentials;
    this.bucket = bucket;
    this.kept = Files.createDirectories(home.resolve("kept"));
    this.scope = new Scope(JOB, epoch, kept, home.resolve("scratch"));
    this.pointer = pointer;
    this.commits =
        new JudgingCommits(bucket, epoch, pointer.map(AttemptApi.Pointer::step).orElse(-1L));
  }

  CheckpointPipeline start() {
    return start(Optional.empty());
  }

  CheckpointPipeline start(Optional<Restored> restored) {
    make(restored).start();
    return pipeline;
  }

  /** As an agent that was started again in the same epoch. */
  CheckpointPipeline.Finished finishLeft() {
    return make(Optional.empty()).finishLeft(Duration.ofSeconds(20));
  }

  CheckpointPipeline make(Optional<Restored> restored) {
    var store = bucket.store(stop, credentials);
    pipeline =
        new CheckpointPipeline(
            new CheckpointPipeline.Parts(
                scope,
                pointer,
                restored,
                store,
                stop,
                commits,
                path -> written.startsWith(path),
                vitals(),
                InstantSource.fixed(Instant.parse("2026-11-20T10:00:00Z"))),
            FAST,
            new Sender(store, stop, 1 << 20, 256 << 10));
    return pipeline;
  }

  private Vitals vitals() {
    return new Vitals() {
      @Override
      public OptionalDouble loss() {
        return loss;
      }

      @Override
      public OptionalInt worldSize() {
        return world;
      }

      @Override
      public Optional<String> ailment() {
        return ailment;
      }
    };
  }

  /** As a careful script saves: beside, then renamed. */
  Path save(String name, Object... files) throws Exception {
    Path unfinished = Files.createDirectories(kept.resolve(".tmp-" + name));
    fill(unfinished, files);
    Thread.sleep(15);
    return Files.move(unfinished, kept.resolve(name));
  }

  static void fill(Path directory, Object... namesAndContents) throws IOException {
    for (int i = 0; i < namesAndContents.length; i += 2) {
      Path file = directory.resolve((String) namesAndContents[i]);
      Files.createDirectories(file.getParent());
      switch (namesAndContents[i + 1]) {
        case byte[] bytes -> Files.write(file, bytes);
        case Object text -> Files.writeString(file, text.toString());
      }
    }
  }

  String key(long step, String name) {
    return BucketLayout.checkpoint(JOB, scope.epoch(), step) + name;
  }

  void awaitCommit(long step) {
    until(() -> commits.steps().contains(step));
  }

  static void until(Callable<Boolean> condition) {
    await().atMost(Duration.ofMinutes(4)).pollInterval(Duration.ofMillis(5)).until(condition);
  }

  /** No manifest in the bucket names what is not there, whatever happened. */
  Optional<String> unbacked() {
    for (var object : bucket.objects().entrySet()) {
      boolean scripts = object.getKey().contains("/_2/");
      if (object.getKey().endsWith("/" + BucketLayout.MANIFEST) && !scripts) {
        Manifest manifest = JudgingCommits.manifest(object.getValue());
        Optional<String> missing = JudgingCommits.missing(bucket, manifest);
        if (missing.isPresent()) {
          return Optional.of(object.getKey() + " without " + missing.get());
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    if (pipeline != null) {
      pipeline.stopNewUploads();
    }
  }
}
