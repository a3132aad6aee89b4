package io.vaultlayer.agent.gate;

import java.nio.file.Path;

/**
 * One file of a checkpoint.
 *
 * @param path relative to the kept directory, with slashes
 * @param file where it lies on this host
 * @param modifiedNanos when the script wrote to it last
 */
public record Part(String path, Path file, long bytes, long modifiedNanos) {
  /** The last segment of its path. */
  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** The path of its directory; empty at the top. */
  String directory() {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }
}
