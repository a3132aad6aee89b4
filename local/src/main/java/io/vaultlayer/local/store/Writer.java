package io.vaultlayer.local.store;

import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one connection that writes, one caller at a time. A write is on disk before it is answered.
 */
final class Writer {
  /** Most rows that one sweep of expired rows deletes, so that it never blocks writers for long. */
  private static final int MOST_EXPIRED = 500;

  private final ReentrantLock writing = new ReentrantLock();
  private final Map<String, PreparedStatement> prepared = new HashMap<>();
  private final Connection connection;

  Writer(Connection connection) {
    this.connection = connection;
  }

  void create(String table) throws SQLException {
    try (var statement = connection.createStatement()) {
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

  /** Writes all rows or none; their keys were checked. */
  WriteResult write(List<Write> writes) {
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

  private static boolean accepted(Expect expect, Optional<Item> current) {
    return switch (expect) {
      case Expect.Absent _, Expect.AbsentAfter _ -> current.isEmpty();
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
        statement.setLong(3, Write.versionAfter(put.expect(), current));
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

  /** Deletes some rows of a table whose time is over; how many. */
  int deleteExpired(String table, Instant now) {
    writing.lock();
    try {
      var statement =
          prepared(
              "DELETE FROM \"t_%s\" WHERE (pk, sk) IN (SELECT pk, sk FROM \"t_%s\" WHERE expires_at < ? LIMIT %d)"
                  .formatted(table, table, MOST_EXPIRED));
      statement.setLong(1, now.getEpochSecond());
      return statement.executeUpdate();
    } catch (SQLException e) {
      rollback();
      throw new StoreUnavailable("deleting expired rows of " + table, e);
    } finally {
      writing.unlock();
    }
  }

  private PreparedStatement prepared(String sql) throws SQLException {
    var statement = prepared.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      prepared.put(sql, statement);
    }
    return statement;
  }

  /** Transactions are spelled out: the driver's own account of them is lost on a full disk. */
  private void run(String sql) throws SQLException {
    prepared(sql).execute();
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
    try (var statement = connection.createStatement()) {
      statement.execute("ROLLBACK");
    } catch (SQLException e) {
      // Some faults, a full disk among them, have ended the transaction already.
    }
  }

  void close() throws SQLException {
    writing.lock();
    try {
      for (var statement : prepared.values()) {
        statement.close();
      }
      connection.close();
    } finally {
      writing.unlock();
    }
  }
}
