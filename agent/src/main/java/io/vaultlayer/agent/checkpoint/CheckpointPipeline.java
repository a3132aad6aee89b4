package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.wire.AttemptApi;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Watches the kept directory of one attempt and carries every complete checkpoint into the bucket,
 * without making the training wait. One pipeline for one epoch: {@link #start} before the script
 * starts, {@link #processEnded} when it ended, {@link #finish} to the end of the last upload.
 */
public final class CheckpointPipeline {
  /**
   * What the pipeline needs.
   *
   * @param pointer the committed checkpoint that this attempt started from; its {@code restored}
   *     form when it was restored here
   * @param stop pulled by {@link #stopNewUploads}; the store must heed the same one
   * @param loss the newest loss that the script reported; a checkpoint saved while it is not finite
   *     is held
   */
  public record Parts(
      Scope scope,
      Optional<AttemptApi.Pointer> pointer,
      Optional<Restored> restored,
      ObjectStore store,
      Stop stop,
      Commits commits,
      Writers writers,
      Supplier<OptionalDouble> loss) {}

  /**
   * For the heartbeat.
   *
   * @param committedStep newest step committed by this attempt, or the pointer's
   * @param uploadingStep step on its way now
   * @param waiting snapshots that wait for the uploader
   * @param warnings newest last; at most 8 of 300 characters
   */
  public record Status(
      OptionalLong committedStep, OptionalLong uploadingStep, int waiting, List<String> warnings) {}

  /**
   * How it ended.
   *
   * @param committed newest checkpoint that this attempt committed
   * @param everythingStored false when a complete checkpoint could not be committed in time
   * @param detail why not
   */
  public record Finished(
      Optional<AttemptApi.Pointer> committed, boolean everythingStored, String detail) {}

  public CheckpointPipeline(Parts parts) {}

  /** Takes what lies in the kept directory as known, and starts watching. */
  public void start() {
    throw new UnsupportedOperationException("not built yet");
  }

  /**
   * The script's processes are gone.
   *
   * @param cleanExit it exited with 0 by itself: what lies there quietly is complete. Otherwise
   *     only what a rename or its own format proves complete is taken
   */
  public void processEnded(boolean cleanExit) {
    throw new UnsupportedOperationException("not built yet");
  }

  /** Commits the newest complete checkpoint, then stops watching. Call after processEnded. */
  public Finished finish(Duration limit) {
    throw new UnsupportedOperationException("not built yet");
  }

  /** Fenced: nothing more is started, what is in flight is cut. Returns at once. */
  public void stopNewUploads() {
    throw new UnsupportedOperationException("not built yet");
  }

  public Status status() {
    throw new UnsupportedOperationException("not built yet");
  }
}
