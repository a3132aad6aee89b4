package io.vaultlayer.local.store;

import io.vaultlayer.local.PlaneRefused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** Opens SQLite files, and says plainly when one is damaged. */
public final class Database {
  /** Marks a file as ours ("VLPL"), so that somebody else's database is not written to. */
  private static final int APPLICATION = 0x564c504c;

  private static final int FORMAT = 1;
  private static final int BUSY_MILLIS = 5000;

  private Database() {}

  /**
   * Opens or creates a file for writing and checks it.
   *
   * @throws PlaneRefused when it is damaged, foreign or of a newer format; it is never recreated
   */
  public static Connection open(Path file) {
    try {
      var connection = connect(file, false);
      try (var statement = connection.createStatement()) {
        check(file, connection);
        statement.execute("PRAGMA journal_mode = WAL");
        // FULL: a commit that was answered is on disk also after the power went.
        statement.execute("PRAGMA synchronous = FULL");
        statement.execute("PRAGMA application_id = " + APPLICATION);
        statement.execute("PRAGMA user_version = " + FORMAT);
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
      ownerOnly(file);
      return connection;
    } catch (SQLException e) {
      throw unusable(file, e);
    }
  }

  /** One more connection to a file that {@link #open} has accepted, for reading. */
  static Connection reader(Path file) throws SQLException {
    return connect(file, true);
  }

  private static Connection connect(Path file, boolean readOnly) throws SQLException {
    var config = new SQLiteConfig();
    config.setBusyTimeout(BUSY_MILLIS);
    config.setReadOnly(readOnly);
    Properties properties = config.toProperties();
    return DriverManager.getConnection("jdbc:sqlite:" + file, properties);
  }

  private static void check(Path file, Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      try (var row = statement.executeQuery("PRAGMA quick_check(1)")) {
        if (row.next() && !row.getString(1).equals("ok")) {
          throw damaged(file, row.getString(1), null);
        }
      }
      int application = number(connection, "application_id");
      int format = number(connection, "user_version");
      if (application != APPLICATION && !(application == 0 && format == 0 && empty(connection))) {
        throw new PlaneRefused(
            "foreign_store",
            "opening the store " + file + ": another program's database lies there; move it away");
      }
      if (format > FORMAT) {
        throw new PlaneRefused(
            "newer_store",
            "opening the store "
                + file
                + ": it was written by a newer version (format "
                + format
                + "); use that version again");
      }
    }
  }

  private static int number(Connection connection, String pragma) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery("PRAGMA " + pragma)) {
      return row.getInt(1);
    }
  }

  private static boolean empty(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery("SELECT count(*) FROM sqlite_master")) {
      return row.getInt(1) == 0;
    }
  }

  private static PlaneRefused unusable(Path file, SQLException e) {
    if (e instanceof SQLiteException failure
        && (failure.getResultCode() == SQLiteErrorCode.SQLITE_NOTADB
            || (failure.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_CORRUPT.code)) {
      return damaged(file, failure.getResultCode().message, e);
    }
    return new PlaneRefused(
        "store_unusable",
        "opening the store " + file + ": " + e.getMessage() + "; check the disk",
        e);
  }

  private static PlaneRefused damaged(Path file, String what, SQLException cause) {
    return new PlaneRefused(
        "corrupted_data",
        "opening the store "
            + file
            + ": corrupted data directory ("
            + what
            + "); nothing was changed: restore the directory from a backup, or move it away to"
            + " start empty",
        cause);
  }

  private static void ownerOnly(Path file) {
    try {
      Files.setPosixFilePermissions(
          file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    } catch (IOException | UnsupportedOperationException e) {
      throw new PlaneRefused(
          "store_unusable", "protecting the store " + file + ": " + e.getMessage(), e);
    }
  }
}
