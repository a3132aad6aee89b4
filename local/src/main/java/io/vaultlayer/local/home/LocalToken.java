package io.vaultlayer.local.home;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.local.PlaneRefused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/** The bearer token of the plane's own user: in a file that only he can read, made once. */
final class LocalToken {
  private LocalToken() {}

  static String of(Path file, Entropy entropy) {
    try {
      if (Files.exists(file)) {
        var token = Files.readString(file).strip();
        if (token.length() >= 32) {
          return token;
        }
        throw new PlaneRefused(
            "corrupted_data",
            "reading "
                + file
                + ": corrupted data directory (no token); delete that file to have a new one made");
      }
      var token = HexFormat.of().formatHex(entropy.bytes(32));
      Home.replace(file, token + "\n");
      return token;
    } catch (IOException e) {
      throw new PlaneRefused("home_unusable", "reading " + file + ": " + e.getMessage(), e);
    }
  }
}
