package io.vaultlayer.bench.throughput;

import io.vaultlayer.local.store.Database;
import java.nio.file.Path;
import java.sql.SQLException;

/** The limit: one row rewritten in a transaction of its own, full sync, nothing around it. */
final class Disk {
  /** As long as a lease item. */
  private static final String ROW = "x".repeat(800);

  private Disk() {}

  /** Commits in a second, by one writer: there can be only one. */
  static double commitsPerSecond(Path file, long millis) {
    try (var connection = Database.open(file)) {
      try (var statement = connection.createStatement()) {
        statement.execute(
            "CREATE TABLE IF NOT EXISTS raw (k INTEGER PRIMARY KEY, version INTEGER, json TEXT)");
      }
      try (var begin = connection.prepareStatement("BEGIN IMMEDIATE");
          var put = connection.prepareStatement("INSERT OR REPLACE INTO raw VALUES (?, ?, ?)");
          var commit = connection.prepareStatement("COMMIT")) {
        long began = System.nanoTime();
        long commits = 0;
        while (System.nanoTime() - began < millis * 1_000_000) {
          begin.execute();
          put.setLong(1, commits % 200);
          put.setLong(2, commits);
          put.setString(3, ROW);
          put.executeUpdate();
          commit.execute();
          commits++;
        }
        return commits / ((System.nanoTime() - began) / 1e9);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("writing " + file, e);
    }
  }
}
