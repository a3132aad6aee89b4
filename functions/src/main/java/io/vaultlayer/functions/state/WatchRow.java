package io.vaultlayer.functions.state;

import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.core.watch.Breaker;
import io.vaultlayer.core.watch.Breakers;
import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.core.watch.Round;
import io.vaultlayer.functions.Platform;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The watchdog's memory of itself: one row of the Jobs table. */
public final class WatchRow {
  public static final Key KEY = new Key("watchdog", Key.SINGLE);

  private final Store store;
  private final String table;

  public WatchRow(Platform platform) {
    this.store = platform.store();
    this.table = platform.variable("JOBS_TABLE");
  }

  public record Stored(long version, Memory memory) {}

  public Optional<Stored> load() {
    return store
        .get(table, KEY)
        .map(item -> new Stored(item.version(), parse(Fields.of(item.attributes()))));
  }

  /** Writes over what was read; empty when somebody was faster. */
  public Optional<Stored> replace(Optional<Stored> old, Memory next) {
    var expect = old.map(o -> Expect.version(o.version())).orElse(Expect.absent());
    var put = new Write.Put(table, KEY, expect, attributes(next), Optional.empty());
    return store.write(List.of(put)) instanceof WriteResult.Applied
        ? Optional.of(new Stored(old.map(Stored::version).orElse(0L) + 1, next))
        : Optional.empty();
  }

  // ---- the row

  private static Map<String, Object> attributes(Memory m) {
    return Fields.fresh()
        .put("last", m.lastTick().toString())
        .put("stage", m.stage().name())
        .put("called", m.called())
        .put("since", m.watchSince().toString())
        .put("breakers", breakers(m.breakers()))
        .put("rows", m.round().rows())
        .put("segments", m.round().segments().stream().map(WatchRow::position).toList())
        .put("due", Map.<String, Object>copyOf(m.duePositions()))
        .map();
  }

  private static Memory parse(Fields f) {
    var due = new TreeMap<String, String>();
    f.maybeFields("due").ifPresent(d -> d.map().keySet().forEach(k -> due.put(k, d.text(k))));
    return new Memory(
        f.time("last"),
        f.maybeText("stage").map(Memory.Stage::valueOf).orElse(Memory.Stage.DONE),
        f.flag("called"),
        f.time("since"),
        breakers(f.list("breakers")),
        round(f.list("segments"), f.maybeNumber("rows").orElse(0L)),
        due);
  }

  private static List<Map<String, Object>> breakers(Breakers breakers) {
    return new TreeMap<>(breakers.byDomain())
        .entrySet().stream()
            .map(e ->
                Fields.fresh()
                    .put("domain", e.getKey())
                    .put("state", e.getValue().state().name())
                    .put("since", e.getValue().since().toString())
                    .put("heldMs", e.getValue().held().toMillis())
                    .map())
            .toList();
  }

  private static Breakers breakers(List<Fields> stored) {
    var byDomain = new TreeMap<String, Breaker>();
    stored.forEach(f ->
        byDomain.put(
            f.text("domain"),
            new Breaker(
                Breaker.State.valueOf(f.text("state")),
                f.time("since"),
                Duration.ofMillis(f.number("heldMs")))));
    return new Breakers(byDomain);
  }

  private static Map<String, Object> position(Round.Position position) {
    return switch (position) {
      case Round.Position.Beginning() -> Map.of("at", "beginning");
      case Round.Position.Behind(var cursor) -> Map.of("at", "behind", "cursor", cursor);
      case Round.Position.End() -> Map.of("at", "end");
    };
  }

  private static Round round(List<Fields> segments, long rows) {
    if (segments.isEmpty()) {
      return Round.START;
    }
    return new Round(
        segments.stream()
            .map(f ->
                switch (f.text("at")) {
                  case "behind" -> (Round.Position) new Round.Position.Behind(f.text("cursor"));
                  case "end" -> new Round.Position.End();
                  default -> new Round.Position.Beginning();
                })
            .toList(),
        rows);
  }
}
