package io.vaultlayer.local.store;

import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.local.template.Template;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The store on one SQLite file: one connection writes, a few others read and are never blocked by
 * it (WAL). Every accepted write is on disk before it is answered.
 */
public final class SqliteStore implements Store, AutoCloseable {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,255}");
  private static final int READERS = 4;

  private final Map<String, Template.Table> tables = new HashMap<>();
  private final Writer writer;
  private final Readers readers;

  private SqliteStore(Path file, List<Template.Table> tables) throws SQLException {
    this.writer = new Writer(Database.open(file));
    for (var table : tables) {
      if (!NAME.matcher(table.name()).matches()) {
        throw new IllegalArgumentException("not a table name: " + table.name());
      }
      this.tables.put(table.name(), table);
      writer.create(table.name());
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
    Write.check(writes);
    writes.forEach(write -> known(write.table()));
    return writer.write(writes);
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
    return tables.values().stream()
        .filter(Template.Table::expiry)
        .mapToInt(table -> writer.deleteExpired(table.name(), now))
        .sum();
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

  @Override
  public void close() {
    try {
      readers.close();
      writer.close();
    } catch (SQLException e) {
      throw new StoreUnavailable("closing the store", e);
    }
  }
}
