package io.vaultlayer.wire;

import java.util.List;
import java.util.Map;

/**
 * A checkpoint's or the outputs' manifest (contract, section 5): written last, only if absent. A
 * file's {@code key} may name an earlier checkpoint's object when it did not change.
 *
 * @param step null for outputs
 * @param health what the gate saw; never null
 */
public record Manifest(
    String job,
    int epoch,
    Long step,
    String createdAt,
    String framework,
    List<File> files,
    Map<String, Object> health) {
  /**
   * Most files of one checkpoint: what an agent of 48 MiB heap restores and carries. One that ran
   * out of memory on more would lose the job instead of one checkpoint.
   */
  public static final int MOST_FILES = 10_000;

  /** Largest manifest in bytes: 400 for each file. */
  public static final int MOST_BYTES = 4 << 20;

  /**
   * Where a restore gathers files inside the kept directory; no file of a script begins so. Hidden,
   * so that neither the script nor the watch takes it for a checkpoint.
   */
  public static final String RESTORING = ".vaultlayer-restore";

  /** One file; {@code sha256} in hex, {@code crc} the CRC32 of the content in 8 hex digits. */
  public record File(String path, String key, long bytes, String sha256, String crc) {}
}
