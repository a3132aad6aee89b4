package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.DecisionLog;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Work of one kind that is due, a page of it at each tick. The next tick goes on behind this page
 * and begins anew at the end, so that rows which stay due, whatever is done, do not starve the
 * rest.
 *
 * @param name of the kind, in the watchdog's memory
 */
record DueWork(String name, Source source, DecisionLog log) {
  /** Rows of one kind handled by one tick. */
  static final int MOST_DUE = 200;

  /** Reads one page of the sparse index. */
  @FunctionalInterface
  interface Source {
    Page due(Instant notAfter, int limit, Optional<String> from);
  }

  /**
   * @param more something is due, or will be within a minute
   */
  record Taken(List<Item> items, Optional<String> next, boolean more) {}

  Taken take(Map<String, String> positions, Instant now, Instant soon) {
    var from = Optional.ofNullable(positions.get(name));
    try {
      var page = source.due(now, MOST_DUE, from);
      boolean more =
          !page.items().isEmpty() || !source.due(soon, 1, Optional.empty()).items().isEmpty();
      return new Taken(page.items(), page.next(), more);
    } catch (StoreUnavailable | IllegalArgumentException e) {
      // The position may be one that the store refuses: the next tick begins anew.
      log.note("due work not read", name, Crash.describe(e));
      return new Taken(List.of(), Optional.empty(), true);
    }
  }
}
