package io.vaultlayer.local.store;

import io.vaultlayer.core.port.StoreUnavailable;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** A few reading connections, each with its prepared statements, lent to one caller at a time. */
final class Readers implements AutoCloseable {
  private static final int WAIT_SECONDS = 10;

  private final BlockingQueue<Reader> free;
  private final List<Reader> all = new ArrayList<>();

  private record Reader(Connection connection, Map<String, PreparedStatement> prepared) {}

  /** What is done with a prepared statement. */
  interface Reading<T> {
    T from(PreparedStatement statement) throws SQLException;
  }

  Readers(Path file, int count) throws SQLException {
    free = new ArrayBlockingQueue<>(count);
    for (int i = 0; i < count; i++) {
      var reader = new Reader(Database.reader(file), new HashMap<>());
      all.add(reader);
      free.add(reader);
    }
  }

  <T> T read(String sql, Reading<T> reading) {
    Reader reader;
    try {
      reader = free.poll(WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailable("interrupted while reading", e);
    }
    if (reader == null) {
      throw new StoreUnavailable("no reader was free for " + WAIT_SECONDS + " s", null);
    }
    try {
      var statement = reader.prepared().get(sql);
      if (statement == null) {
        statement = reader.connection().prepareStatement(sql);
        reader.prepared().put(sql, statement);
      }
      return reading.from(statement);
    } catch (SQLException e) {
      forget(reader, sql);
      throw new StoreUnavailable("reading: " + e.getMessage(), e);
    } finally {
      free.add(reader);
    }
  }

  /** A statement that failed once may refuse for ever; the next caller prepares it anew. */
  private static void forget(Reader reader, String sql) {
    var statement = reader.prepared().remove(sql);
    try {
      if (statement != null) {
        statement.close();
      }
    } catch (SQLException e) {
      // It is forgotten either way.
    }
  }

  @Override
  public void close() throws SQLException {
    for (var reader : all) {
      for (var statement : reader.prepared().values()) {
        statement.close();
      }
      reader.connection().close();
    }
  }
}
