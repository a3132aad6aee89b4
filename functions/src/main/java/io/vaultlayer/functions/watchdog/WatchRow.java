package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The watchdog's memory of itself, one row.
 *
 * @param lastTick when the last sweep began
 * @param watchSince since when it has watched without a gap; no fence by silence before this plus
 *     one full lease
 * @param nextExpected when the next sweep was to come: soon with live work, a minute later without
 */
record WatchRow(long version, Instant lastTick, Instant watchSince, Instant nextExpected) {
  static final Key KEY = new Key("watchdog", Key.SINGLE);

  /** What a tick may do. */
  sealed interface Turn {
    record Sweep(WatchRow row) implements Turn {}

    /**
     * Another tick sweeps now, or has just done so. It may have seen nothing to do and have called
     * nobody, while the caller knows of a job: then one more tick must follow.
     */
    record Skip(boolean callAgain) implements Turn {}
  }

  /**
   * Takes the turn by a conditional write; a gap since the expected tick resets {@code watchSince}.
   */
  static Turn take(Store store, String table, Instant now, Duration tick) {
    var stored = store.get(table, KEY).map(WatchRow::parse);
    if (stored.isPresent()
        && now.isBefore(stored.get().lastTick().plus(tick.multipliedBy(4).dividedBy(5)))) {
      return new Turn.Skip(stored.get().nextExpected().isAfter(now.plus(tick.multipliedBy(2))));
    }
    var absent =
        stored.isEmpty()
            || now.isAfter(stored.get().nextExpected().plus(tick.multipliedBy(2)).plus(SLACK));
    var since = absent ? now : stored.get().watchSince();
    var next =
        new WatchRow(stored.map(WatchRow::version).orElse(0L) + 1, now, since, now.plus(IDLE));
    return next.write(store, table, stored) ? new Turn.Sweep(next) : new Turn.Skip(true);
  }

  /** The schedule's own interval, in which an idle plane ticks. */
  static final Duration IDLE = Duration.ofMinutes(1);

  /** What a queue and a cold start may add without meaning that we were away. */
  static final Duration SLACK = Duration.ofSeconds(3);

  /** Notes when the next tick is expected; lost without harm. */
  void expect(Store store, String table, Instant next) {
    new WatchRow(version + 1, lastTick, watchSince, next).write(store, table, Optional.of(this));
  }

  private boolean write(Store store, String table, Optional<WatchRow> old) {
    var expect = old.map(o -> Expect.version(o.version())).orElse(Expect.absent());
    Map<String, Object> attributes =
        Fields.fresh()
            .put("last", lastTick.toString())
            .put("since", watchSince.toString())
            .put("next", nextExpected.toString())
            .map();
    return store.write(List.of(new Write.Put(table, KEY, expect, attributes, Optional.empty())))
        instanceof WriteResult.Applied;
  }

  private static WatchRow parse(Item item) {
    var f = Fields.of(item.attributes());
    return new WatchRow(item.version(), f.time("last"), f.time("since"), f.time("next"));
  }
}
