package io.vaultlayer.core.port;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One row of a conditional write. A put replaces the whole row; its version becomes the old one
 * plus 1 ({@link #versionAfter}).
 */
public sealed interface Write {
  String table();

  Key key();

  Expect expect();

  /**
   * The version of the row that a put makes.
   *
   * @param current the row under its key, if there is one
   */
  static long versionAfter(Expect expect, Optional<Item> current) {
    return expect instanceof Expect.AbsentAfter after
        ? after.version() + 1
        : current.map(Item::version).orElse(0L) + 1;
  }

  /**
   * Stores a whole row.
   *
   * @param attributes as in {@link Item}; an attribute {@code expiresAt} (Long, epoch seconds) lets
   *     the store delete the row some time after it
   */
  record Put(
      String table, Key key, Expect expect, Map<String, Object> attributes, Optional<Due> due)
      implements Write {
    public Put {
      attributes = Attributes.frozen(attributes);
      if (attributes.containsKey("expiresAt") && !(attributes.get("expiresAt") instanceof Long)) {
        throw new IllegalArgumentException("expiresAt is a Long, seconds since 1970");
      }
    }
  }

  /** Deletes a row. */
  record Delete(String table, Key key, Expect expect) implements Write {}

  /**
   * What every store checks before it writes: {@link Store#MOST_WRITES}, and each key at most once.
   *
   * @throws IllegalArgumentException saying which rule is broken
   */
  static void check(List<Write> writes) {
    if (writes.isEmpty() || writes.size() > Store.MOST_WRITES) {
      throw new IllegalArgumentException(
          "1 to " + Store.MOST_WRITES + " rows are written at once, not " + writes.size());
    }
    if (writes.size() == 1) {
      return;
    }
    var seen = new HashSet<String>();
    for (var write : writes) {
      var key = write.key();
      if (!seen.add(write.table() + '\n' + key.partition() + '\n' + key.sort())) {
        throw new IllegalArgumentException("the row " + key + " is written twice at once");
      }
    }
  }
}
