package io.vaultlayer.local.home;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.local.PlaneRefused;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;

/**
 * A home that this process owns until it closes it: checked, locked, with its ports, token and
 * settings.
 */
public final class Claimed implements AutoCloseable {
  private final Home home;
  private final PlaneLock lock;
  private final Ports ports;
  private final String token;
  private final Settings settings;

  private Claimed(Home home, PlaneLock lock, Ports ports, String token, Settings settings) {
    this.home = home;
    this.lock = lock;
    this.ports = ports;
    this.token = token;
    this.settings = settings;
  }

  /**
   * Claims a home; empty when another plane has it.
   *
   * @throws PlaneRefused when the home cannot be used
   */
  public static Optional<Claimed> take(
      Home home, Map<String, String> environment, Entropy entropy) {
    home.make();
    NetworkFileSystems.refuse(home.data());
    var settings = Settings.of(home.config(), environment);
    var lock = PlaneLock.take(home.lock());
    if (lock.isEmpty()) {
      return Optional.empty();
    }
    try {
      Files.deleteIfExists(home.status());
      whole(home);
      return Optional.of(
          new Claimed(
              home,
              lock.get(),
              Ports.of(home.ports(), entropy),
              LocalToken.of(home.token(), entropy),
              settings));
    } catch (IOException e) {
      lock.get().close();
      throw new PlaneRefused(
          "home_unusable", "preparing " + home.data() + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      lock.get().close();
      throw e;
    }
  }

  /** A store that is gone while its objects are there was lost, not yet made. */
  private static void whole(Home home) throws IOException {
    var store = home.store();
    if (Files.exists(store) && Files.size(store) > 0) {
      return;
    }
    try (var buckets = Files.newDirectoryStream(home.bucket())) {
      for (var bucket : buckets) {
        if (Files.isDirectory(bucket.resolve("jobs"))) {
          throw new PlaneRefused(
              "corrupted_data",
              "opening the store "
                  + store
                  + ": corrupted data directory (the store is missing or empty, but the bucket"
                  + " holds jobs); restore it from a backup, or move "
                  + home.data()
                  + " away to start empty");
        }
      }
    }
  }

  public Home home() {
    return home;
  }

  public Ports ports() {
    return ports;
  }

  public String token() {
    return token;
  }

  public Settings settings() {
    return settings;
  }

  /** Says that the plane is ready. */
  public void publish(Status status) {
    try {
      status.write(home.status());
    } catch (IOException e) {
      throw new PlaneRefused(
          "home_unusable", "writing " + home.status() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(home.status());
    } catch (IOException e) {
      // A reader checks whether the plane answers; a stale file misleads nobody for long.
    }
    lock.close();
  }
}
