package io.vaultlayer.local.home;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How fast the local provider's attempts beat, and how long their lease is. From the environment,
 * else the config file, else 2 and 8 seconds: on one machine silence is noticed soon.
 */
public record Settings(int beatSeconds, int leaseSeconds) {
  static final int BEAT = 2;
  static final int LEASE = 8;

  public Settings {
    if (beatSeconds < 1
        || beatSeconds > 300
        || leaseSeconds < 3 * beatSeconds
        || leaseSeconds > 3600) {
      throw new PlaneRefused(
          "settings",
          "reading the settings: local.beatSeconds is 1 to 300 and local.leaseSeconds at least"
              + " three beats and at most 3600, not "
              + beatSeconds
              + " and "
              + leaseSeconds);
    }
  }

  static Settings of(Path config, Map<String, String> environment) {
    var file = file(config);
    int beat =
        number("VAULTLAYER_LOCAL_BEAT_SECONDS", environment)
            .or(() -> number("beatSeconds", file))
            .orElse(BEAT);
    int lease =
        number("VAULTLAYER_LOCAL_LEASE_SECONDS", environment)
            .or(() -> number("leaseSeconds", file))
            .orElse(Math.max(LEASE, 4 * beat));
    return new Settings(beat, lease);
  }

  private static Optional<JsonNode> file(Path config) {
    try {
      return Files.exists(config)
          ? Optional.of(Json.tree(Files.readString(config)))
          : Optional.empty();
    } catch (IOException | Json.MalformedJson e) {
      throw new PlaneRefused(
          "settings", "reading " + config + ": " + e.getMessage() + "; correct the file", e);
    }
  }

  private static Optional<Integer> number(String name, Map<String, String> environment) {
    var text = environment.get(name);
    if (text == null || text.isBlank()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Integer.parseInt(text.strip()));
    } catch (NumberFormatException e) {
      throw new PlaneRefused(
          "settings", "reading " + name + ": a number of seconds, not " + text, e);
    }
  }

  /**
   * Both spellings are taken: {@code {"local":{"beatSeconds":2}}} and {@code "local.beatSeconds"}.
   */
  private static Optional<Integer> number(String name, Optional<JsonNode> file) {
    return file.map(root ->
            root.has("local." + name) ? root.get("local." + name) : root.path("local").path(name))
        .filter(JsonNode::isNumber)
        .map(JsonNode::asInt);
  }
}
