package io.vaultlayer.core.port;

import java.util.Optional;

/** The store's answer to a write: all rows were written, or none. */
public sealed interface WriteResult {
  record Applied() implements WriteResult {}

  /**
   * A condition failed and nothing was written.
   *
   * @param index of the first write whose condition failed
   * @param current the row as it is stored there now
   */
  record Refused(int index, Optional<Item> current) implements WriteResult {}
}
