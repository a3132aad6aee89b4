package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import java.io.IOException;
import java.nio.file.Path;

/** Stores what a script left in its output directory, manifest last. */
public final class OutputsUploader {
  /** Where the manifest is, and the SHA-256 of its bytes in hex. */
  public record Stored(String manifestKey, String manifestSha256, long bytes, int files) {}

  public OutputsUploader(ObjectStore store, Stop stop) {}

  /**
   * Uploads every file below a directory and then the manifest; an absent or empty directory gives
   * a manifest without files. Calling it again after a failure goes on where it stopped.
   *
   * @throws io.vaultlayer.agent.s3.StoreException when the bucket refuses or is not reached
   * @throws IOException when a file cannot be read, or there are too many
   */
  public Stored upload(String job, int epoch, Path directory) throws IOException {
    throw new UnsupportedOperationException("not built yet");
  }
}
