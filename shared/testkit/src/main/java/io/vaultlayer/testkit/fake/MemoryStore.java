package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Rows in memory. Tables come into being when they are first named. */
public final class MemoryStore implements Store {
  private static final Comparator<String> BY_CODE_POINT = MemoryStore::compareCodePoints;
  private static final Comparator<Key> BY_KEY =
      Comparator.comparing(Key::partition, BY_CODE_POINT).thenComparing(Key::sort, BY_CODE_POINT);

  private final Map<String, TreeMap<Key, Item>> tables = new HashMap<>();

  @Override
  public synchronized Optional<Item> get(String table, Key key) {
    return Optional.ofNullable(rows(table).get(key));
  }

  @Override
  public synchronized WriteResult write(List<Write> writes) {
    Write.check(writes);
    for (int i = 0; i < writes.size(); i++) {
      var write = writes.get(i);
      var current = get(write.table(), write.key());
      if (!holds(write.expect(), current)) {
        return new WriteResult.Refused(i, current);
      }
    }
    for (var write : writes) {
      switch (write) {
        case Write.Put put -> {
          long version = get(put.table(), put.key()).map(Item::version).orElse(0L) + 1;
          rows(put.table())
              .put(put.key(), new Item(put.key(), version, put.attributes(), put.due()));
        }
        case Write.Delete delete -> rows(delete.table()).remove(delete.key());
      }
    }
    return new WriteResult.Applied();
  }

  @Override
  public synchronized Page query(
      String table,
      String partition,
      String sortPrefix,
      boolean descending,
      int limit,
      Optional<String> from) {
    var order = descending ? BY_KEY.reversed() : BY_KEY;
    return page(
        table,
        item ->
            item.key().partition().equals(partition) && item.key().sort().startsWith(sortPrefix),
        Comparator.comparing(Item::key, order),
        limit,
        from);
  }

  @Override
  public synchronized Page due(
      String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
    return page(
        table,
        item ->
            item.due()
                .filter(due -> due.partition().equals(duePartition))
                .filter(due -> !due.at().isAfter(notAfter))
                .isPresent(),
        Comparator.comparing((Item item) -> item.due().map(Due::at).orElseThrow())
            .thenComparing(Item::key, BY_KEY),
        limit,
        from);
  }

  @Override
  public synchronized Page scan(
      String table, int segment, int segments, int limit, Optional<String> from) {
    if (segments < 1 || segment < 0 || segment >= segments) {
      throw new IllegalArgumentException("segment " + segment + " of " + segments);
    }
    return page(
        table,
        item -> Math.floorMod(item.key().partition().hashCode(), segments) == segment,
        Comparator.comparing(Item::key, BY_KEY),
        limit,
        from);
  }

  /** Every row of a table in order of its key: what checkers and assertions look at. */
  public synchronized List<Item> all(String table) {
    return List.copyOf(rows(table).values());
  }

  /** Names of the tables that hold or held rows. */
  public synchronized List<String> tables() {
    return tables.keySet().stream().sorted().toList();
  }

  /** Deletes what has expired, as the real store does at some time after the expiry. */
  public synchronized void expire(Instant now) {
    for (var rows : tables.values()) {
      rows.values()
          .removeIf(item ->
              item.attributes().get("expiresAt") instanceof Long at && at < now.getEpochSecond());
    }
  }

  private static boolean holds(Expect expect, Optional<Item> current) {
    return switch (expect) {
      case Expect.Absent() -> current.isEmpty();
      case Expect.Version(long number) ->
          current.filter(item -> item.version() == number).isPresent();
      case Expect.Anything() -> true;
    };
  }

  private Page page(
      String table,
      Predicate<Item> wanted,
      Comparator<Item> order,
      int limit,
      Optional<String> from) {
    if (limit < 1 || limit > MOST_ROWS) {
      throw new IllegalArgumentException("1 to " + MOST_ROWS + " rows in a page, not " + limit);
    }
    var found = rows(table).values().stream().filter(wanted).sorted(order).toList();
    // The cursor names the last row handed out, by key and place in the order, so that rows
    // written meanwhile neither repeat nor hide others.
    var page = new ArrayList<Item>();
    var skip = from.map(Cursor::parse);
    for (var item : found) {
      if (skip.isPresent() && order.compare(item, skip.get().item()) <= 0) {
        continue;
      }
      if (page.size() == limit) {
        return new Page(page, Optional.of(Cursor.of(page.getLast())));
      }
      page.add(item);
    }
    return new Page(page, Optional.empty());
  }

  private TreeMap<Key, Item> rows(String table) {
    return tables.computeIfAbsent(table, name -> new TreeMap<>(BY_KEY));
  }

  /**
   * Keys sort by their UTF-8 bytes, as in DynamoDB and SQLite; that is the order of code points.
   */
  private static int compareCodePoints(String left, String right) {
    var a = left.codePoints().iterator();
    var b = right.codePoints().iterator();
    while (a.hasNext() && b.hasNext()) {
      int order = Integer.compare(a.nextInt(), b.nextInt());
      if (order != 0) {
        return order;
      }
    }
    return Boolean.compare(a.hasNext(), b.hasNext());
  }

  /** Length-prefixed parts, because keys may hold any character. */
  private record Cursor(Item item) {
    static String of(Item last) {
      var due = last.due().map(d -> d.at().toEpochMilli() + "/" + d.partition()).orElse("");
      var key = last.key();
      return key.partition().length()
          + "/"
          + key.partition()
          + key.sort().length()
          + "/"
          + key.sort()
          + due;
    }

    static Cursor parse(String text) {
      try {
        var rest = new StringBuilder(text);
        var key = new Key(take(rest), take(rest));
        if (rest.isEmpty()) {
          return new Cursor(new Item(key, 1, Map.of(), Optional.empty()));
        }
        int slash = rest.indexOf("/");
        var at = Instant.ofEpochMilli(Long.parseLong(rest.substring(0, slash)));
        var due = new Due(rest.substring(slash + 1), at);
        return new Cursor(new Item(key, 1, Map.of(), Optional.of(due)));
      } catch (IndexOutOfBoundsException | NumberFormatException unreadable) {
        throw new IllegalArgumentException("not a page's next", unreadable);
      }
    }

    private static String take(StringBuilder rest) {
      int slash = rest.indexOf("/");
      int end = slash + 1 + Integer.parseInt(rest.substring(0, slash));
      var part = rest.substring(slash + 1, end);
      rest.delete(0, end);
      return part;
    }
  }
}
