package io.vaultlayer.core.port;

import java.util.Map;
import java.util.Optional;

/**
 * One row of a conditional write. A put replaces the whole row; its version becomes the old one
 * plus 1.
 */
public sealed interface Write {
  String table();

  Key key();

  Expect expect();

  /**
   * Stores a whole row.
   *
   * @param attributes as in {@link Item}; an attribute {@code expiresAt} (Long, epoch seconds) lets
   *     the store delete the row some time after it
   */
  record Put(
      String table, Key key, Expect expect, Map<String, Object> attributes, Optional<Due> due)
      implements Write {}

  /** Deletes a row. */
  record Delete(String table, Key key, Expect expect) implements Write {}
}
