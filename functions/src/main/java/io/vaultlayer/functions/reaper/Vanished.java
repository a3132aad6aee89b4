package io.vaultlayer.functions.reaper;

import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.reap.Reaper;
import io.vaultlayer.core.reap.Reason;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.state.Instances;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Instances that are at rest by their item and missing in their provider's complete list: they
 * vanished, and whoever closed their attempt died before it could say so. Their next look would be
 * half an hour away, and their money reserved for as long.
 *
 * @param list of a provider, by name; empty when it gave none
 */
record Vanished(Instances instances, DecisionLog log, Function<String, Optional<Inventory>> list) {
  /** Items read in one go. */
  private static final int PAGE = 500;

  /** So many items are read in one inventory; whoever stands behind them waits for its own look. */
  private static final int MOST_PAGES = 400;

  List<String> labels(Instant now) {
    var found = new ArrayList<String>();
    var shown = new HashMap<String, Set<String>>();
    var from = Optional.<String>empty();
    for (int page = 0; page < MOST_PAGES; page++) {
      var rows = instances.due(now.plus(Reaper.AT_REST), PAGE, from);
      for (var item : rows.items()) {
        row(item)
            .filter(row -> isAtRest(row, now) && isMissing(row, shown))
            .ifPresent(row -> found.add(row.label()));
      }
      from = rows.next();
      if (from.isEmpty()) {
        break;
      }
    }
    return found;
  }

  private Optional<InstanceRow> row(Item item) {
    try {
      return Optional.of(Instances.parse(item));
    } catch (RuntimeException e) {
      log.note("unreadable instance", item.key().partition(), Crash.describe(e));
      return Optional.empty();
    }
  }

  /** One that is due has its look anyway; one that was missed by such a look is due in a minute. */
  private static boolean isAtRest(InstanceRow row, Instant now) {
    return row.state() == InstanceRow.State.LIVE
        && row.why().equals(Reason.OWNED.code())
        && row.dueAt().filter(at -> at.isAfter(now)).isPresent();
  }

  private boolean isMissing(InstanceRow row, Map<String, Set<String>> shown) {
    return list.apply(row.provider())
        .filter(l -> l.complete() && !l.askedAt().isBefore(row.visibleAt()))
        .map(l -> shown.computeIfAbsent(row.provider(), _ -> labels(l)))
        .filter(labels -> !labels.contains(row.label()))
        .isPresent();
  }

  private static Set<String> labels(Inventory inventory) {
    return inventory.instances().stream()
        .filter(seen -> seen.sighting() != Sighting.GONE)
        .map(seen -> seen.label())
        .collect(Collectors.toSet());
  }
}
