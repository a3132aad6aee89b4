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
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Rows in memory. Tables come into being when they are first named. Reads touch the rows of their
 * page only, so that a world of a hundred thousand rows stays quick.
 */
public final class MemoryStore implements Store {
  private static final Comparator<Key> BY_KEY = MemoryStore::compareKeys;

  /** The least and the greatest sort key that there can be. */
  private static final String FIRST = "\0";

  private static final String LAST = Character.toString(Character.MAX_CODE_POINT).repeat(256);

  private static final Comparator<Item> BY_DUE = MemoryStore::compareDue;

  /** The rows of one table, and those that are due in the order of their time. */
  private static final class Table {
    final TreeMap<Key, Item> rows = new TreeMap<>(BY_KEY);
    final Map<String, TreeSet<Item>> due = new HashMap<>();

    void put(Item item) {
      forget(rows.put(item.key(), item));
      item.due()
          .ifPresent(d -> due.computeIfAbsent(d.partition(), p -> new TreeSet<>(BY_DUE)).add(item));
    }

    void remove(Key key) {
      forget(rows.remove(key));
    }

    private void forget(Item old) {
      if (old != null) {
        old.due().ifPresent(d -> due.get(d.partition()).remove(old));
      }
    }
  }

  private final Map<String, Table> tables = new HashMap<>();

  @Override
  public synchronized Optional<Item> get(String table, Key key) {
    return Optional.ofNullable(table(table).rows.get(key));
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
          long version = Write.versionAfter(put.expect(), get(put.table(), put.key()));
          table(put.table()).put(new Item(put.key(), version, put.attributes(), put.due()));
        }
        case Write.Delete delete -> table(delete.table()).remove(delete.key());
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
    var rows =
        table(table).rows.subMap(new Key(partition, FIRST), true, new Key(partition, LAST), true);
    var inOrder = descending ? rows.descendingMap() : rows;
    var rest =
        from.map(Cursor::parse)
            .map(c -> inOrder.tailMap(c.item().key(), false))
            .orElse(inOrder)
            .values();
    return page(rest, item -> item.key().sort().startsWith(sortPrefix), limit);
  }

  @Override
  public synchronized Page due(
      String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
    var index = table(table).due.getOrDefault(duePartition, new TreeSet<>(BY_DUE));
    var rest = from.map(Cursor::parse).map(c -> index.tailSet(c.item(), false)).orElse(index);
    var due = new ArrayList<Item>();
    for (var item : rest) {
      if (due.size() > limit || item.due().orElseThrow().at().isAfter(notAfter)) {
        break;
      }
      due.add(item);
    }
    return page(due, item -> true, limit);
  }

  @Override
  public synchronized Page scan(
      String table, int segment, int segments, int limit, Optional<String> from) {
    if (segments < 1 || segment < 0 || segment >= segments) {
      throw new IllegalArgumentException("segment " + segment + " of " + segments);
    }
    var rows = table(table).rows;
    var rest = from.map(Cursor::parse).map(c -> rows.tailMap(c.item().key(), false)).orElse(rows);
    return page(
        rest.values(),
        item -> Math.floorMod(item.key().partition().hashCode(), segments) == segment,
        limit);
  }

  /** Every row of a table in order of its key: what checkers and assertions look at. */
  public synchronized List<Item> all(String table) {
    return List.copyOf(table(table).rows.values());
  }

  /** Names of the tables that hold or held rows. */
  public synchronized List<String> tables() {
    return tables.keySet().stream().sorted().toList();
  }

  /** Deletes what has expired, as the real store does at some time after the expiry. */
  public synchronized void expire(Instant now) {
    for (var table : tables.values()) {
      List.copyOf(table.rows.values()).stream()
          .filter(item ->
              item.attributes().get("expiresAt") instanceof Long at && at < now.getEpochSecond())
          .forEach(item -> table.remove(item.key()));
    }
  }

  private static boolean holds(Expect expect, Optional<Item> current) {
    return switch (expect) {
      case Expect.Absent(), Expect.AbsentAfter(_) -> current.isEmpty();
      case Expect.Version(long number) ->
          current.filter(item -> item.version() == number).isPresent();
      case Expect.Anything() -> true;
    };
  }

  /**
   * One page of what follows the cursor. The cursor names the last row handed out, by key and place
   * in the order, so that rows written meanwhile neither repeat nor hide others.
   */
  private static Page page(Iterable<Item> rest, Predicate<Item> wanted, int limit) {
    if (limit < 1 || limit > MOST_ROWS) {
      throw new IllegalArgumentException("1 to " + MOST_ROWS + " rows in a page, not " + limit);
    }
    var page = new ArrayList<Item>();
    for (var item : rest) {
      if (!wanted.test(item)) {
        continue;
      }
      if (page.size() == limit) {
        return new Page(page, Optional.of(Cursor.of(page.getLast())));
      }
      page.add(item);
    }
    return new Page(page, Optional.empty());
  }

  private Table table(String table) {
    return tables.computeIfAbsent(table, name -> new Table());
  }

  private static int compareKeys(Key left, Key right) {
    int order = compareCodePoints(left.partition(), right.partition());
    return order != 0 ? order : compareCodePoints(left.sort(), right.sort());
  }

  private static int compareDue(Item left, Item right) {
    int order = left.due().orElseThrow().at().compareTo(right.due().orElseThrow().at());
    return order != 0 ? order : compareKeys(left.key(), right.key());
  }

  /**
   * Keys sort by their UTF-8 bytes, as in DynamoDB and SQLite; that is the order of code points, in
   * which surrogates come after every other char.
   */
  private static int compareCodePoints(String left, String right) {
    int common = Math.min(left.length(), right.length());
    for (int i = 0; i < common; i++) {
      char a = left.charAt(i);
      char b = right.charAt(i);
      if (a != b) {
        boolean aside = Character.isSurrogate(a);
        return aside == Character.isSurrogate(b) ? Character.compare(a, b) : aside ? 1 : -1;
      }
    }
    return Integer.compare(left.length(), right.length());
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
