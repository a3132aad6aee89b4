package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.BucketLayout;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Whose checkpoints, and where on this host.
 *
 * @param epoch of the attempt; everything written to the bucket goes under it
 * @param kept the directory that the training script writes its checkpoints to
 * @param scratch the agent's own directory, outside {@code kept}; hard links want it on the same
 *     file system
 */
public record Scope(String job, int epoch, Path kept, Path scratch) {
  public Scope {
    Objects.requireNonNull(job);
    if (epoch < 1) {
      throw new IllegalArgumentException("an epoch is at least 1, not " + epoch);
    }
    kept = kept.toAbsolutePath().normalize();
    scratch = scratch.toAbsolutePath().normalize();
    if (scratch.startsWith(kept)) {
      throw new IllegalArgumentException("the scratch directory lies inside the kept one");
    }
  }

  String jobPrefix() {
    return BucketLayout.job(job);
  }

  Path snapshots() {
    return scratch.resolve("snapshots");
  }

  Path aside() {
    return scratch.resolve("aside");
  }
}
