package io.vaultlayer.local.home;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How fast the local provider's attempts beat, how long their lease is, and where they find the
 * plane. From the environment, else the config file, else 2 and 8 seconds (on one machine silence
 * is noticed soon) and the plane's own addresses.
 *
 * @param agentEndpoint where agents reach the HTTP API when not at its own address: behind a
 *     forward or a proxy
 * @param agentS3Endpoint the same for the bucket
 */
public record Settings(
    int beatSeconds, int leaseSeconds, Optional<URI> agentEndpoint, Optional<URI> agentS3Endpoint) {
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

  Settings(int beatSeconds, int leaseSeconds) {
    this(beatSeconds, leaseSeconds, Optional.empty(), Optional.empty());
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
    return new Settings(
        beat,
        lease,
        address("VAULTLAYER_LOCAL_AGENT_ENDPOINT", "agentEndpoint", environment, file),
        address("VAULTLAYER_LOCAL_AGENT_S3_ENDPOINT", "agentS3Endpoint", environment, file));
  }

  /** Scheme, host and port: what stands behind them is said by whoever calls. */
  private static Optional<URI> address(
      String variable, String name, Map<String, String> environment, Optional<JsonNode> file) {
    var named = Optional.ofNullable(environment.get(variable)).filter(text -> !text.isBlank());
    return named
        .or(() -> value(name, file).map(JsonNode::asText)) // of what is no text: no address
        .map(text -> address(named.isPresent() ? variable : "local." + name, text.strip()));
  }

  private static URI address(String name, String text) {
    try {
      var uri = new URI(text);
      if (Set.of("http", "https").contains(String.valueOf(uri.getScheme()))
          && uri.getHost() != null
          && uri.equals(
              new URI(uri.getScheme(), null, uri.getHost(), uri.getPort(), "", null, null))) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // As for every other text that is no address.
    }
    // Not repeated, not even as a cause: what stands there by mistake may be a secret.
    throw new PlaneRefused(
        "settings", "reading " + name + ": an address such as http://127.0.0.1:4100 is wanted");
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
    return value(name, file)
        .map(value -> {
          if (!value.canConvertToInt() || !value.isIntegralNumber()) {
            throw new PlaneRefused(
                "settings",
                "reading local." + name + " of config.json: a number of seconds is wanted");
          }
          return value.asInt();
        });
  }

  private static Optional<JsonNode> value(String name, Optional<JsonNode> file) {
    return file.map(root ->
            root.has("local." + name) ? root.get("local." + name) : root.path("local").path(name))
        .filter(value -> !value.isMissingNode() && !value.isNull());
  }
}
