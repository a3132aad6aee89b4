package io.vaultlayer.cli.frame;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The version that the build wrote into the jar. */
public final class Version {
  private Version() {}

  public static String current() {
    try (var in = Version.class.getResourceAsStream("/io/vaultlayer/cli/version.txt")) {
      return in == null ? "unknown" : new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }
}
