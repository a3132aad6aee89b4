package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.util.Optional;

/** The directory of the script's checkpoints between two starts of the script. */
public final class KeptDirectory {
  public KeptDirectory(ObjectStore store) {}

  /**
   * Makes the kept directory hold the pointer's checkpoint and nothing else, before the script
   * starts. Whatever else lies there is moved to {@code <scratch>/aside/<epoch>/}; local files
   * whose digests match are used again, the others come from the bucket.
   *
   * @param pointer empty on a fresh start: the directory becomes empty
   * @throws DamagedCheckpoint when the bucket does not hold what was committed; the kept directory
   *     is then empty
   * @throws io.vaultlayer.agent.s3.StoreException when the bucket could not be read; try again
   * @throws IOException when the local file system refuses, for example for want of space
   */
  public Optional<Restored> prepare(Scope scope, Optional<AttemptApi.Pointer> pointer)
      throws DamagedCheckpoint, IOException {
    throw new UnsupportedOperationException("not built yet");
  }
}
