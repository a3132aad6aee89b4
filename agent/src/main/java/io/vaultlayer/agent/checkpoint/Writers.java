package io.vaultlayer.agent.checkpoint;

import java.nio.file.Path;

/** Who writes. Asked before silence is taken for completion. */
@FunctionalInterface
public interface Writers {
  /**
   * True when a process of the attempt holds this file, or one below this directory, for writing.
   */
  boolean anyAt(Path path);

  /** True while a process of the attempt is stopped: its silence then says nothing. */
  default boolean anyStopped() {
    return false;
  }
}
