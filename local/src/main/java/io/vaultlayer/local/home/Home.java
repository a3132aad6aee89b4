package io.vaultlayer.local.home;

import io.vaultlayer.core.home.HomeFolder;
import io.vaultlayer.local.PlaneRefused;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/**
 * Where the embedded plane keeps everything: {@code <home>/local/}. Only its owner may look in.
 *
 * @param root of VaultLayer, {@code VAULTLAYER_HOME} or {@code ~/.vaultlayer}
 */
public record Home(Path root) {
  public Home {
    root = root.toAbsolutePath().normalize();
  }

  /**
   * From the environment, as the command line finds it too.
   *
   * @param account the user's home directory as the user database has it
   * @throws PlaneRefused when nobody knows where it is
   */
  public static Home of(Map<String, String> environment, String account) {
    return HomeFolder.ofVaultLayer(environment, account)
        .map(root -> new Home(Path.of(root)))
        .orElseThrow(() ->
            new PlaneRefused(
                "no_home",
                "finding the home directory: HOME is not set and the user database has none;"
                    + " set HOME or VAULTLAYER_HOME to a directory of yours"));
  }

  public Path data() {
    return root.resolve("local");
  }

  public Path config() {
    return root.resolve("config.json");
  }

  public Path lock() {
    return data().resolve("plane.lock");
  }

  public Path status() {
    return data().resolve("plane.json");
  }

  public Path token() {
    return data().resolve("token");
  }

  public Path ports() {
    return data().resolve("ports.json");
  }

  public Path store() {
    return data().resolve("store.db");
  }

  public Path identities() {
    return data().resolve("identities.db");
  }

  public Path bucket() {
    return data().resolve("bucket");
  }

  public Path instances() {
    return data().resolve("instances");
  }

  public Path log() {
    return data().resolve("plane.log");
  }

  /** Makes the directories. @throws PlaneRefused when they cannot be made or are not this user's */
  public void make() {
    try {
      Files.createDirectories(root);
      for (var directory : new Path[] {data(), bucket(), instances()}) {
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw new PlaneRefused(
          "home_unusable",
          "preparing " + data() + ": " + e + "; check its owner, or set VAULTLAYER_HOME",
          e);
    }
  }

  /** Writes a file so that a reader sees the old one or the new one, and only the owner reads. */
  static void replace(Path file, String text) throws IOException {
    var fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    try (var channel =
        java.nio.channels.FileChannel.open(
            fresh,
            java.util.Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      var bytes = java.nio.ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
