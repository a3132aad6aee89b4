package io.vaultlayer.providers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** This machine's name in our records. */
final class LocalMachine {
  private LocalMachine() {}

  /**
   * Made from the machine's own id, which is meant to stay on it, so only a digest of it is used.
   */
  static String id() {
    try {
      var own = Files.readString(Path.of("/etc/machine-id")).strip();
      if (!own.isEmpty()) {
        var digest = MessageDigest.getInstance("SHA-256");
        digest.update("vaultlayer machine ".getBytes(StandardCharsets.UTF_8));
        return "m-"
            + HexFormat.of().formatHex(digest.digest(own.getBytes(StandardCharsets.UTF_8)), 0, 6);
      }
    } catch (IOException | NoSuchAlgorithmException unreadable) {
      // The host's name is the next best that stays the same.
      return hostName();
    }
    return hostName();
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException unnamed) {
      return "localhost";
    }
  }
}
