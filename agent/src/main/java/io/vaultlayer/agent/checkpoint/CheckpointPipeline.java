package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.gate.Vitals;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Watches the kept directory of one attempt and carries every complete checkpoint into the bucket,
 * without making the training wait. One pipeline for one epoch: {@link #start} before the script
 * starts, {@link #processEnded} when it ended, {@link #finish} to the end of the last upload.
 */
public final class CheckpointPipeline {
  /**
   * What the pipeline needs.
   *
   * @param pointer the committed checkpoint that this attempt started from
   * @param restored the same where it was restored here: its files need not be sent again
   * @param stop heeded by the store; pulled by {@link #stopNewUploads} and by a fence
   * @param vitals how the training is; a checkpoint saved while it ails is held
   * @param clock dates the manifests
   */
  public record Parts(
      Scope scope,
      Optional<AttemptApi.Pointer> pointer,
      Optional<Restored> restored,
      ObjectStore store,
      Stop stop,
      Commits commits,
      Writers writers,
      Vitals vitals,
      InstantSource clock) {
    /** With the machine's clock, which here only dates manifests. */
    public Parts(
        Scope scope,
        Optional<AttemptApi.Pointer> pointer,
        Optional<Restored> restored,
        ObjectStore store,
        Stop stop,
        Commits commits,
        Writers writers,
        Vitals vitals) {
      this(scope, pointer, restored, store, stop, commits, writers, vitals, InstantSource.system());
    }
  }

  /**
   * How fast it acts.
   *
   * @param look time between two looks at the kept directory
   * @param quiet silence that counts as completion (contract, section 2)
   * @param siblings how long a file that arrived by rename waits for others of its step; a script
   *     that saves two files of one step takes less between their renames
   * @param patience how long a checkpoint that lacks a part, such as another rank's, is waited for
   *     while nothing of it changes; a rank that saves slower than that is rarer than one that died
   * @param retry first wait after a failed upload; it doubles up to {@code longestRetry}
   */
  public record Pace(
      Duration look,
      Duration quiet,
      Duration siblings,
      Duration patience,
      Duration retry,
      Duration longestRetry) {
    public static final Pace USUAL =
        new Pace(
            Duration.ofMillis(500),
            Duration.ofSeconds(5),
            Duration.ofSeconds(1),
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            Duration.ofSeconds(20));
  }

  /**
   * For the heartbeat.
   *
   * @param committedStep newest step committed by this attempt, or the pointer's
   * @param uploadingStep step on its way now
   * @param uploadSeconds how long the last committed checkpoint took to arrive
   * @param waiting snapshots that wait for the uploader
   * @param warnings newest last; at most 8 of 300 characters
   */
  public record Status(
      OptionalLong committedStep,
      OptionalLong uploadingStep,
      OptionalDouble uploadSeconds,
      int waiting,
      List<String> warnings) {}

  /**
   * How it ended.
   *
   * @param committed newest checkpoint that this attempt committed
   * @param everythingStored false when a complete checkpoint could not be committed in time
   * @param detail why not
   */
  public record Finished(
      Optional<AttemptApi.Pointer> committed, boolean everythingStored, String detail) {}

  private final Parts parts;
  private final Stop stop;
  private final Ledger ledger;
  private final Snapshots snapshots;
  private final Watch watch;
  private final Uploads uploads;

  private Thread watching;

  public CheckpointPipeline(Parts parts) {
    this(parts, Pace.USUAL, new Sender(parts.store(), parts.stop()));
  }

  CheckpointPipeline(Parts parts, Pace pace, Sender sender) {
    this.parts = parts;
    this.stop = parts.stop();
    this.ledger = new Ledger(parts.pointer().map(AttemptApi.Pointer::step));
    this.snapshots = new Snapshots(parts.scope());
    this.watch = new Watch(parts, pace, ledger, snapshots);
    var uploader =
        new Uploader(
            parts.scope(),
            parts.store(),
            parts.stop(),
            parts.commits(),
            sender,
            parts.clock(),
            ledger::isOver);
    parts.restored().ifPresent(restored -> uploader.base(restored.manifest()));
    this.uploads = new Uploads(parts, pace, ledger, snapshots, uploader);
  }

  /** Takes the restored checkpoint as known, and starts watching. */
  public void start() {
    watch.prepare();
    watching = thread("checkpoint-watch", watch::run);
    thread("checkpoint-upload", uploads::run);
  }

  /**
   * The script's processes are gone.
   *
   * @param cleanExit it exited with 0 by itself: what lies there quietly is complete. Otherwise
   *     only what a rename or its own format proves complete is taken
   */
  public void processEnded(boolean cleanExit) {
    watch.ended(cleanExit ? Finder.Phase.ENDED_WELL : Finder.Phase.ENDED_BADLY);
  }

  /** Commits the newest complete checkpoint, then stops watching. Call after processEnded. */
  public Finished finish(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    boolean seen = watch.awaitSettled(end);
    boolean stored = ledger.awaitIdle(end);
    watch.stop();
    ledger.close();
    join(watching);
    boolean all = seen && stored && !ledger.isFenced();
    return new Finished(ledger.committed(), all, all ? "" : ledger.trouble());
  }

  /** Whether an agent before us of this epoch has left something for {@link #finishLeft}. */
  public static boolean isLeft(Scope scope) {
    return !Snapshots.left(scope).isEmpty();
  }

  /**
   * Instead of all the above, for an agent that was started again in the same epoch: commits the
   * newest checkpoint that the one before it had snapshot, going on where its upload ended. What
   * had not become a snapshot is nobody's work: what wrote it may be gone in the middle of it.
   */
  public Finished finishLeft(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      for (Snapshot snapshot : snapshots.recover(this::dropUploads)) {
        Optional<Snapshot> older = ledger.offer(snapshot);
        older.map(Snapshot::directory).ifPresent(this::dropUploads);
        older.ifPresent(snapshots::discard);
      }
    } catch (IOException e) {
      return new Finished(Optional.empty(), false, "looking at what is left: " + e.getMessage());
    }
    Thread uploading = thread("checkpoint-upload", uploads::run);
    boolean all = ledger.awaitIdle(end) && !stop.isPulled();
    ledger.close();
    stop.pull();
    join(uploading);
    return new Finished(ledger.committed(), all, ledger.trouble());
  }

  private void dropUploads(Path snapshot) {
    dropUploads(snapshot, parts.store());
  }

  /** Drops what the store has of uploads that an agent of this epoch has left unfinished. */
  public static void dropLeft(Scope scope, ObjectStore store) {
    Snapshots.left(scope).forEach(directory -> dropUploads(directory, store));
  }

  private static void dropUploads(Path snapshot, ObjectStore store) {
    try (var journal = UploadJournal.in(snapshot)) {
      for (UploadJournal.Begun one : journal.read().begun().values()) {
        store.abortMultipart(one.upload().key(), one.upload().id());
      }
    } catch (StoreException e) {
      // The bucket's life-cycle rule drops them.
    }
  }

  /** Fenced: nothing more is started, what is in flight is cut. Returns at once. */
  public void stopNewUploads() {
    ledger.fence();
    stop.pull();
    watch.stop();
  }

  public Status status() {
    return new Status(
        ledger.committedStep(),
        ledger.uploadingStep(),
        ledger.uploadSeconds(),
        ledger.waiting(),
        ledger.warnings());
  }

  private static Thread thread(String name, Runnable work) {
    var thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void join(Thread thread) {
    try {
      thread.join(TimeUnit.SECONDS.toMillis(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
