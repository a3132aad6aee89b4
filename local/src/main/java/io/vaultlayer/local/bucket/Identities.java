package io.vaultlayer.local.bucket;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.local.store.Database;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Who may sign requests to the bucket, kept in a small SQLite file so that agents' credentials and
 * uploads outlive a restart of the plane. The file is as secret as the home it lies in.
 */
public final class Identities implements AutoCloseable {
  static final String PLANE = "vaultlayer-plane";

  /** How long an expired identity is still told that it expired, instead of being unknown. */
  private static final Duration REMEMBERED = Duration.ofHours(1);

  /** As long as the template lets an unfinished upload lie. */
  private static final Duration UPLOADS = Duration.ofDays(3);

  private final Connection connection;
  private final Entropy entropy;
  private final InstantSource clock;
  private final String planeSecret;

  private Identities(Connection connection, Entropy entropy, InstantSource clock)
      throws SQLException {
    this.connection = connection;
    this.entropy = entropy;
    this.clock = clock;
    try (var statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS attempts (id TEXT PRIMARY KEY, secret TEXT NOT NULL, token TEXT NOT NULL, job TEXT NOT NULL, epoch INTEGER NOT NULL, bucket TEXT NOT NULL, role TEXT NOT NULL, expires_at INTEGER NOT NULL)");
      statement.execute(
          "CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, job TEXT NOT NULL, epoch INTEGER NOT NULL, key TEXT NOT NULL, began_at INTEGER NOT NULL)");
      statement.execute("CREATE TABLE IF NOT EXISTS plane (secret TEXT NOT NULL)");
    }
    this.planeSecret = planeSecretOf();
  }

  /**
   * @throws io.vaultlayer.local.PlaneRefused when the file is damaged
   */
  public static Identities open(Path file, Entropy entropy, InstantSource clock) {
    var connection = Database.open(file);
    try {
      return new Identities(connection, entropy, clock);
    } catch (SQLException e) {
      throw new TransportUnavailable("opening the identities in " + file, e);
    }
  }

  private String planeSecretOf() throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery("SELECT secret FROM plane")) {
      if (row.next()) {
        return row.getString(1);
      }
    }
    var secret = random(32);
    try (var insert = connection.prepareStatement("INSERT INTO plane VALUES (?)")) {
      insert.setString(1, secret);
      insert.executeUpdate();
    }
    return secret;
  }

  /** The plane's own secret, the same for the life of the data directory. */
  String planeSecret() {
    return planeSecret;
  }

  synchronized AttemptIdentity issue(
      JobId job, int epoch, String bucket, String roleArn, Duration life) {
    forget();
    var made =
        new AttemptIdentity(
            "VLA" + random(9).toUpperCase(java.util.Locale.ROOT),
            random(32),
            random(32),
            job,
            epoch,
            bucket,
            roleArn,
            Instant.ofEpochSecond(clock.instant().plus(life).getEpochSecond()));
    try (var insert =
        connection.prepareStatement("INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)")) {
      insert.setString(1, made.accessKeyId());
      insert.setString(2, made.secret());
      insert.setString(3, made.sessionToken());
      insert.setString(4, made.job().value());
      insert.setInt(5, made.epoch());
      insert.setString(6, made.bucket());
      insert.setString(7, made.roleArn());
      insert.setLong(8, made.expiresAt().getEpochSecond());
      insert.executeUpdate();
    } catch (SQLException e) {
      throw new TransportUnavailable("storing credentials: " + e.getMessage(), e);
    }
    return made;
  }

  synchronized Optional<AttemptIdentity> find(String accessKeyId) {
    return ask(
        "SELECT id, secret, token, job, epoch, bucket, role, expires_at FROM attempts WHERE id = ?",
        statement -> statement.setString(1, accessKeyId),
        row ->
            new AttemptIdentity(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                new JobId(row.getString(4)),
                row.getInt(5),
                row.getString(6),
                row.getString(7),
                Instant.ofEpochSecond(row.getLong(8))));
  }

  /** Uploads belong to the attempt, not to one credential: those are renewed while it runs. */
  synchronized void began(String uploadId, JobId job, int epoch, String key) {
    try (var insert = connection.prepareStatement("INSERT INTO uploads VALUES (?, ?, ?, ?, ?)")) {
      insert.setString(1, uploadId);
      insert.setString(2, job.value());
      insert.setInt(3, epoch);
      insert.setString(4, key);
      insert.setLong(5, clock.instant().getEpochSecond());
      insert.executeUpdate();
    } catch (SQLException e) {
      throw new TransportUnavailable("storing an upload: " + e.getMessage(), e);
    }
  }

  synchronized boolean owns(String uploadId, JobId job, int epoch, String key) {
    return ask(
            "SELECT 1 FROM uploads WHERE id = ? AND job = ? AND epoch = ? AND key = ?",
            statement -> {
              statement.setString(1, uploadId);
              statement.setString(2, job.value());
              statement.setInt(3, epoch);
              statement.setString(4, key);
            },
            row -> true)
        .orElse(false);
  }

  /** The key that an upload of somebody's will make; empty when nobody's began so. */
  synchronized Optional<String> keyOf(String uploadId) {
    return ask(
        "SELECT key FROM uploads WHERE id = ?",
        statement -> statement.setString(1, uploadId),
        row -> row.getString(1));
  }

  private void forget() {
    long now = clock.instant().getEpochSecond();
    try (var expired = connection.prepareStatement("DELETE FROM attempts WHERE expires_at < ?");
        var uploads = connection.prepareStatement("DELETE FROM uploads WHERE began_at < ?")) {
      expired.setLong(1, now - REMEMBERED.toSeconds());
      expired.executeUpdate();
      uploads.setLong(1, now - UPLOADS.toSeconds());
      uploads.executeUpdate();
    } catch (SQLException e) {
      throw new TransportUnavailable("forgetting old credentials: " + e.getMessage(), e);
    }
  }

  private interface Fill {
    void in(PreparedStatement statement) throws SQLException;
  }

  private interface Take<T> {
    T from(ResultSet row) throws SQLException;
  }

  private <T> Optional<T> ask(String sql, Fill fill, Take<T> take) {
    try (var statement = connection.prepareStatement(sql)) {
      fill.in(statement);
      try (var row = statement.executeQuery()) {
        return row.next() ? Optional.of(take.from(row)) : Optional.empty();
      }
    } catch (SQLException e) {
      throw new TransportUnavailable("reading the identities: " + e.getMessage(), e);
    }
  }

  private String random(int bytes) {
    return HexFormat.of().formatHex(entropy.bytes(bytes));
  }

  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new TransportUnavailable("closing the identities", e);
    }
  }
}
