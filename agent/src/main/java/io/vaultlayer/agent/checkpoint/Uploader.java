package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Carries one snapshot to its commit: gate, files, manifest, commit. The order is what keeps a
 * manifest from ever naming what is not there.
 */
final class Uploader {
  private final Scope scope;
  private final ObjectStore store;
  private final Stop stop;
  private final Commits commits;
  private final Sender sender;
  private final InstantSource clock;

  /** True once nobody waits for a commit any more. */
  private final BooleanSupplier over;

  private Known known = Known.NOTHING;

  Uploader(
      Scope scope,
      ObjectStore store,
      Stop stop,
      Commits commits,
      Sender sender,
      InstantSource clock,
      BooleanSupplier over) {
    this.scope = scope;
    this.store = store;
    this.stop = stop;
    this.commits = commits;
    this.sender = sender;
    this.clock = clock;
    this.over = over;
  }

  /** How a try went. */
  sealed interface Outcome {
    record Committed(AttemptApi.Pointer pointer) implements Outcome {}

    record NotNewer() implements Outcome {}

    record Fenced() implements Outcome {}

    /** It will not be committed. */
    record Held(String reason) implements Outcome {}

    /** The same again later may work. */
    record Later(String trouble) implements Outcome {}
  }

  /** One snapshot's way so far; kept between tries, and in its journal for another agent. */
  static final class Job implements AutoCloseable {
    final Snapshot snapshot;
    private final UploadJournal journal;
    private final FileSet files;
    private FileSet.Written written;

    Job(Scope scope, Snapshot snapshot) {
      this.snapshot = snapshot;
      String prefix = BucketLayout.checkpoint(scope.job(), scope.epoch(), snapshot.step());
      this.journal = UploadJournal.in(snapshot.directory());
      this.files = new FileSet(snapshot.files(), snapshot.tree(), prefix, cut(snapshot), journal);
    }

    @Override
    public void close() {
      journal.close();
    }

    /** It will not be committed: what the store has of unfinished files is dropped. */
    void abandon() {
      files.abandon();
    }

    /** A checkpoint that is one directory lies directly under its prefix. */
    private static String cut(Snapshot snapshot) {
      String below = snapshot.tops().getFirst() + "/";
      boolean oneDirectory =
          snapshot.tops().size() == 1
              && snapshot.tree().files().stream().allMatch(f -> f.path().startsWith(below));
      return oneDirectory ? below : "";
    }
  }

  void base(Manifest manifest) {
    known = Known.of(manifest);
  }

  /** One try. */
  Outcome carry(Job job) {
    Snapshot snapshot = job.snapshot;
    try {
      Optional<String> problem = Gate.problem(snapshot.files(), snapshot.tree(), snapshot.loss());
      if (problem.isPresent()) {
        return new Outcome.Held(problem.get());
      }
      if (job.written == null) {
        List<Manifest.File> files = job.files.send(sender, known);
        Optional<String> changed = snapshot.changed();
        if (changed.isPresent()) {
          return new Outcome.Held(Gate.shown(changed.get()) + " changed while it was uploaded");
        }
        Manifest manifest = manifest(snapshot, files);
        stop.check();
        if (over.getAsBoolean()) {
          return new Outcome.Later("out of time");
        }
        Optional<FileSet.Written> stored = store(manifest);
        if (stored.isEmpty()) {
          return new Outcome.Held("another checkpoint of this step is stored already");
        }
        job.written = stored.get();
      }
      stop.check();
      return over.getAsBoolean()
          ? new Outcome.Later("out of time")
          : commit(snapshot.step(), job.written, job.files.parts());
    } catch (StoreException e) {
      return trouble(e);
    } catch (IOException e) {
      return new Outcome.Held(String.valueOf(e.getMessage()));
    }
  }

  private Outcome commit(long step, FileSet.Written written, Map<String, Known.Parts> parts) {
    String key = BucketLayout.checkpointManifest(scope.job(), scope.epoch(), step);
    long bytes = written.bytes();
    int files = written.manifest().files().size();
    return switch (commits.commit(
        new AttemptApi.Commit(step, key, written.sha256(), bytes, files))) {
      case CommitResult.Committed c -> {
        known = Known.of(written.manifest(), parts);
        yield new Outcome.Committed(
            new AttemptApi.Pointer(step, scope.epoch(), key, written.sha256(), bytes, files));
      }
      case CommitResult.StepNotNewer s -> new Outcome.NotNewer();
      case CommitResult.Fenced f -> new Outcome.Fenced();
      case CommitResult.Unverified u ->
          new Outcome.Held("the control plane could not verify it: " + u.detail());
      case CommitResult.Unavailable u -> new Outcome.Later(u.detail());
    };
  }

  /** What lies under the manifest's key now; empty when it describes other files. */
  private Optional<FileSet.Written> store(Manifest manifest) throws IOException {
    byte[] content = FileSet.render(manifest);
    String key = BucketLayout.checkpointManifest(manifest.job(), manifest.epoch(), manifest.step());
    if (sender.sendManifest(key, content)) {
      return Optional.of(FileSet.Written.of(content, manifest));
    }
    byte[] there = store.read(key, Manifest.MOST_BYTES);
    try {
      Manifest other = Json.parse(new String(there, StandardCharsets.UTF_8), Manifest.class);
      return FileSet.sameFiles(manifest, other)
          ? Optional.of(FileSet.Written.of(there, other))
          : Optional.empty();
    } catch (Json.MalformedJson e) {
      return Optional.empty();
    }
  }

  private Manifest manifest(Snapshot snapshot, List<Manifest.File> files) {
    var health = new LinkedHashMap<String, Object>();
    health.put("complete", snapshot.proof().word());
    snapshot.loss().ifPresent(loss -> health.put("loss", loss));
    return new Manifest(
        scope.job(),
        scope.epoch(),
        snapshot.step(),
        clock.instant().toString(),
        Frameworks.of(snapshot.tree(), snapshot.files()),
        Ages.oldestFirst(snapshot.tree(), files),
        health);
  }

  private static Outcome trouble(StoreException e) {
    return switch (e) {
      case StoreException.Refused r -> new Outcome.Held(r.getMessage());
      case StoreException.WrongSize w -> new Outcome.Held(w.getMessage());
      case StoreException.SourceBroken s -> new Outcome.Held(s.getMessage());
      // Credentials are renewed with the beat, and a fence is said by the control plane alone.
      case StoreException.AccessRefused a -> new Outcome.Later(a.getMessage());
      case StoreException.AlreadyThere a -> new Outcome.Later(a.getMessage());
      case StoreException.NotThere n -> new Outcome.Later(n.getMessage());
      case StoreException.Unreachable u -> new Outcome.Later(u.getMessage());
      case StoreException.Stopped s -> new Outcome.Later(s.getMessage());
    };
  }
}
