package io.vaultlayer.local.store;

import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.local.template.Template;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The store on one SQLite file: one connection writes, a few others read and are never blocked by
 * it (WAL). Every accepted write is on disk before it is answered.
 */
public final class SqliteStore implements Store, AutoCloseable {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,255}");
  private static final int READERS = 4;

  /** Most rows that one sweep of expired rows deletes, so that it never blocks writers for long. */
  private static final int MOST_EXPIRED = 500;

  private final Map<String, Template.Table> tables = new HashMap<>();
  private final ReentrantLock writing = new ReentrantLock();
  private final Connection writer;
  private final Readers readers;
  private final Map<String, PreparedStatement> prepared = new HashMap<>();

  private SqliteStore(Path file, List<Template.Table> tables) throws SQLException {
    this.writer = Database.open(file);
    for (var table : tables) {
      if (!NAME.matcher(table.name()).matches()) {
        throw new IllegalArgumentException("not a table name: " + table.name());
      }
      this.tables.put(table.name(), table);
      create(table.name());
    }
    this.readers = new Readers(file, READERS);
  }

  /**
   * Opens the file, creating it and missing tables.
   *
   * @throws io.vaultlayer.local.PlaneRefused when the file is damaged
   */
  public static SqliteStore open(Path file, List<Template.Table> tables) {
    try {
      return new SqliteStore(file, tables);
    } catch (SQLException e) {
      throw new StoreUnavailable("opening the store " + file, e);
    }
  }

  private void create(String table) throws SQLException {
    try (var statement = writer.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS \"t_%s\" (pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, json TEXT NOT NULL, due_partition TEXT, due_at TEXT, expires_at INTEGER, PRIMARY KEY (pk, sk)) WITHOUT ROWID"
              .formatted(table));
      statement.execute(
          "CREATE INDEX IF NOT EXISTS \"t_%s/due\" ON \"t_%s\" (due_partition, due_at, pk, sk) WHERE due_partition IS NOT NULL"
              .formatted(table, table));
      statement.execute(
          "CREATE INDEX IF NOT EXISTS \"t_%s/expires\" ON \"t_%s\" (expires_at) WHERE expires_at IS NOT NULL"
              .formatted(table, table));
    }
  }

  @Override
  public Optional<Item> get(String table, Key key) {
    known(table);
    return readers.read(
        "SELECT " + Rows.COLUMNS + " FROM \"t_" + table + "\" WHERE pk = ? AND sk = ?",
        statement -> {
          statement.setString(1, key.partition());
          statement.setString(2, key.sort());
          try (var row = statement.executeQuery()) {
            return row.next() ? Optional.of(Rows.item(row)) : Optional.empty();
          }
        });
  }

  @Override
  public WriteResult write(List<Write> writes) {
    check(writes);
    writing.lock();
    try {
      run("BEGIN IMMEDIATE");
      for (int i = 0; i < writes.size(); i++) {
        var write = writes.get(i);
        var current = current(write.table(), write.key());
        if (!accepted(write.expect(), current)) {
          run("ROLLBACK");
          return new WriteResult.Refused(i, current);
        }
        apply(write, current);
      }
      run("COMMIT");
      return new WriteResult.Applied();
    } catch (SQLException e) {
      rollback();
      throw new StoreUnavailable("writing " + writes.getFirst().table() + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      rollback();
      throw e;
    } finally {
      writing.unlock();
    }
  }

  private void check(List<Write> writes) {
    if (writes.isEmpty() || writes.size() > MOST_WRITES) {
      throw new IllegalArgumentException("1 to " + MOST_WRITES + " rows, not " + writes.size());
    }
    var seen = new HashSet<List<Object>>();
    for (var write : writes) {
      known(write.table());
      if (!seen.add(List.of(write.table(), write.key()))) {
        throw new IllegalArgumentException("each key at most once: " + write.key());
      }
    }
  }

  private static boolean accepted(Expect expect, Optional<Item> current) {
    return switch (expect) {
      case Expect.Absent absent -> current.isEmpty();
      case Expect.Version version ->
          current.isPresent() && current.get().version() == version.number();
      case Expect.Anything anything -> true;
    };
  }

  private Optional<Item> current(String table, Key key) throws SQLException {
    var statement =
        prepared("SELECT " + Rows.COLUMNS + " FROM \"t_" + table + "\" WHERE pk = ? AND sk = ?");
    statement.setString(1, key.partition());
    statement.setString(2, key.sort());
    try (var row = statement.executeQuery()) {
      return row.next() ? Optional.of(Rows.item(row)) : Optional.empty();
    }
  }

  private void apply(Write write, Optional<Item> current) throws SQLException {
    switch (write) {
      case Write.Put put -> {
        var statement =
            prepared(
                "INSERT OR REPLACE INTO \"t_"
                    + put.table()
                    + "\" (pk, sk, version, json, due_partition, due_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)");
        statement.setString(1, put.key().partition());
        statement.setString(2, put.key().sort());
        statement.setLong(3, current.map(Item::version).orElse(0L) + 1);
        statement.setString(4, Rows.json(put.attributes()));
        statement.setString(5, put.due().map(d -> d.partition()).orElse(null));
        statement.setString(6, put.due().map(d -> Rows.sortable(d.at())).orElse(null));
        if (put.attributes().get("expiresAt") instanceof Number expires) {
          statement.setLong(7, expires.longValue());
        } else {
          statement.setNull(7, java.sql.Types.INTEGER);
        }
        statement.executeUpdate();
      }
      case Write.Delete delete -> {
        var statement =
            prepared("DELETE FROM \"t_" + delete.table() + "\" WHERE pk = ? AND sk = ?");
        statement.setString(1, delete.key().partition());
        statement.setString(2, delete.key().sort());
        statement.executeUpdate();
      }
    }
  }

  @Override
  public Page query(
      String table,
      String partition,
      String sortPrefix,
      boolean descending,
      int limit,
      Optional<String> from) {
    known(table);
    limited(limit);
    var after = from.map(token -> Rows.parts(token, 1).getFirst());
    var sql =
        "SELECT "
            + Rows.COLUMNS
            + " FROM \"t_"
            + table
            + "\" WHERE pk = ? AND sk >= ? AND sk < ?"
            + after.map(a -> descending ? " AND sk < ?" : " AND sk > ?").orElse("")
            + " ORDER BY sk "
            + (descending ? "DESC" : "ASC")
            + " LIMIT ?";
    return readers.read(
        sql,
        statement -> {
          int i = 1;
          statement.setString(i++, partition);
          statement.setString(i++, sortPrefix);
          statement.setString(i++, sortPrefix + "\uDBFF\uDFFF");
          if (after.isPresent()) {
            statement.setString(i++, after.get());
          }
          statement.setInt(i, limit + 1);
          return page(statement, limit, item -> Rows.token(item.key().sort()));
        });
  }

  @Override
  public Page due(
      String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
    if (!known(table).due()) {
      throw new IllegalArgumentException("the table " + table + " has no index due");
    }
    limited(limit);
    var after = from.map(token -> Rows.parts(token, 3));
    var sql =
        "SELECT "
            + Rows.COLUMNS
            + " FROM \"t_"
            + table
            + "\" WHERE due_partition = ? AND due_at <= ?"
            + (after.isPresent() ? " AND (due_at, pk, sk) > (?, ?, ?)" : "")
            + " ORDER BY due_at, pk, sk LIMIT ?";
    return readers.read(
        sql,
        statement -> {
          int i = 1;
          statement.setString(i++, duePartition);
          statement.setString(i++, Rows.sortable(notAfter));
          if (after.isPresent()) {
            for (var part : after.get()) {
              statement.setString(i++, part);
            }
          }
          statement.setInt(i, limit + 1);
          return page(
              statement,
              limit,
              item ->
                  Rows.token(
                      Rows.sortable(item.due().orElseThrow().at()),
                      item.key().partition(),
                      item.key().sort()));
        });
  }

  @Override
  public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
    known(table);
    limited(limit);
    if (segments < 1 || segment < 0 || segment >= segments) {
      throw new IllegalArgumentException("segment " + segment + " of " + segments);
    }
    var after = from.map(token -> Rows.parts(token, 2));
    var sql =
        "SELECT "
            + Rows.COLUMNS
            + " FROM \"t_"
            + table
            + "\""
            + (after.isPresent() ? " WHERE (pk, sk) > (?, ?)" : "")
            + " ORDER BY pk, sk";
    return readers.read(
        sql,
        statement -> {
          if (after.isPresent()) {
            statement.setString(1, after.get().get(0));
            statement.setString(2, after.get().get(1));
          }
          var items = new ArrayList<Item>();
          try (var row = statement.executeQuery()) {
            while (items.size() <= limit && row.next()) {
              // SQLite has no hash of its own: the segment is decided here, row by row.
              if (Math.floorMod(row.getString(1).hashCode(), segments) == segment) {
                items.add(Rows.item(row));
              }
            }
          }
          return cut(items, limit, item -> Rows.token(item.key().partition(), item.key().sort()));
        });
  }

  /** Deletes some rows whose time is over, in the tables that the template says; how many. */
  public int deleteExpired(Instant now) {
    int deleted = 0;
    for (var table : tables.values()) {
      if (!table.expiry()) {
        continue;
      }
      writing.lock();
      try {
        var statement =
            prepared(
                "DELETE FROM \"t_%s\" WHERE (pk, sk) IN (SELECT pk, sk FROM \"t_%s\" WHERE expires_at < ? LIMIT %d)"
                    .formatted(table.name(), table.name(), MOST_EXPIRED));
        statement.setLong(1, now.getEpochSecond());
        deleted += statement.executeUpdate();
      } catch (SQLException e) {
        rollback();
        throw new StoreUnavailable("deleting expired rows of " + table.name(), e);
      } finally {
        writing.unlock();
      }
    }
    return deleted;
  }

  private interface Token {
    String of(Item item);
  }

  private static Page page(PreparedStatement statement, int limit, Token token)
      throws SQLException {
    var items = new ArrayList<Item>();
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        items.add(Rows.item(row));
      }
    }
    return cut(items, limit, token);
  }

  private static Page cut(List<Item> items, int limit, Token token) {
    return items.size() <= limit
        ? new Page(items, Optional.empty())
        : new Page(items.subList(0, limit), Optional.of(token.of(items.get(limit - 1))));
  }

  private Template.Table known(String table) {
    var known = tables.get(table);
    if (known == null) {
      throw new IllegalArgumentException("the template has no table " + table);
    }
    return known;
  }

  private static void limited(int limit) {
    if (limit < 1 || limit > MOST_ROWS) {
      throw new IllegalArgumentException("a page has 1 to " + MOST_ROWS + " rows, not " + limit);
    }
  }

  private PreparedStatement prepared(String sql) throws SQLException {
    var statement = prepared.get(sql);
    if (statement == null) {
      statement = writer.prepareStatement(sql);
      prepared.put(sql, statement);
    }
    return statement;
  }

  /**
   * After a failure no statement is used again: one that met a full disk would go on refusing when
   * there is room.
   */
  private void rollback() {
    for (var statement : prepared.values()) {
      try {
        statement.close();
      } catch (SQLException e) {
        // It is forgotten either way.
      }
    }
    prepared.clear();
    try (var statement = writer.createStatement()) {
      statement.execute("ROLLBACK");
    } catch (SQLException e) {
      // Some faults, a full disk among them, have ended the transaction already.
    }
  }

  /** Transactions are spelled out: the driver's own account of them is lost on a full disk. */
  private void run(String sql) throws SQLException {
    prepared(sql).execute();
  }

  @Override
  public void close() {
    writing.lock();
    try {
      readers.close();
      for (var statement : prepared.values()) {
        statement.close();
      }
      writer.close();
    } catch (SQLException e) {
      throw new StoreUnavailable("closing the store", e);
    } finally {
      writing.unlock();
    }
  }
}
