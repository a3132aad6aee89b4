package io.vaultlayer.core.port;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/**
 * One stored row.
 *
 * @param version number of the write that made it, from 1; every accepted write adds exactly 1 (a
 *     row that took another's place goes on from that one's: {@link Expect.AbsentAfter})
 * @param attributes JSON-like values only: String, Long, Double, Boolean, List, Map; no nulls
 * @param due present while the row owes work
 */
public record Item(Key key, long version, Map<String, Object> attributes, Optional<Due> due) {
  public Item {
    if (version < 1) {
      throw new IllegalArgumentException("a stored row's version starts at 1, not " + version);
    }
    attributes = Collections.unmodifiableMap(attributes);
  }
}
