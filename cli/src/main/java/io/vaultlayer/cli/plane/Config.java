package io.vaultlayer.cli.plane;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which control plane is used: {@code VAULTLAYER_ENDPOINT}, else the file {@code config.json} in
 * the home.
 *
 * @param endpoint base address of a deployed plane; empty: the embedded one
 */
public record Config(Optional<String> endpoint, Optional<String> bucket, Optional<String> region) {
  private static final int LARGEST_FILE = 1 << 20;

  public static Path file(Shell shell) {
    return shell.home().resolve("config.json");
  }

  public static Config load(Shell shell) {
    var stored = read(file(shell));
    var named = shell.variable("VAULTLAYER_ENDPOINT").or(stored::endpoint);
    return new Config(
        named.map(Config::checked),
        stored.bucket(),
        stored.region().or(() -> shell.variable("AWS_REGION")));
  }

  /** The address without a slash at its end. @throws Failure when it is none */
  public static String checked(String endpoint) {
    try {
      var uri = URI.create(endpoint.strip());
      if (uri.getHost() != null
          && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
          && uri.getRawQuery() == null
          && uri.getUserInfo() == null) {
        return endpoint.strip().replaceAll("/+$", "");
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw Failure.usage(
        "bad_endpoint",
        "reading the endpoint "
            + endpoint
            + ": not an http or https address; give one such as"
            + " https://abc.execute-api.eu-west-1.amazonaws.com");
  }

  private static Config read(Path file) {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw unreadable(file, "it is larger than 1 MiB");
      }
      JsonNode tree = Json.tree(Files.readString(file));
      return new Config(text(tree, "endpoint"), text(tree, "bucket"), text(tree, "region"));
    } catch (NoSuchFileException e) {
      return new Config(Optional.empty(), Optional.empty(), Optional.empty());
    } catch (IOException | Json.MalformedJson e) {
      throw unreadable(file, String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  /**
   * Writes the file whole or not at all, readable by this user only. The settings of the embedded
   * plane that stand in it stay.
   */
  public static void write(Path file, Map<String, ?> named) throws IOException {
    var values = new TreeMap<String, Object>(named);
    planeSettings(file).forEach(values::putIfAbsent);
    Files.createDirectories(file.getParent());
    var fresh = Files.createTempFile(file.getParent(), "config", ".json");
    try {
      Files.writeString(fresh, Json.render(values) + "\n");
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /** Nothing of a file that cannot be read: writing it anew is what the user is told to do. */
  private static Map<String, JsonNode> planeSettings(Path file) throws IOException {
    var kept = new TreeMap<String, JsonNode>();
    try {
      if (Files.size(file) <= LARGEST_FILE) {
        for (var setting : Json.tree(Files.readString(file)).properties()) {
          if (setting.getKey().matches("local(\\..*)?")) {
            kept.put(setting.getKey(), setting.getValue());
          }
        }
      }
    } catch (NoSuchFileException | CharacterCodingException | Json.MalformedJson e) {
      return Map.of();
    }
    return kept;
  }

  private static Failure unreadable(Path file, String why) {
    return new Failure(
        ExitCode.USAGE,
        "bad_config",
        "reading " + file + ": " + why + "; correct it, or write it anew with vl init",
        Map.of("file", file.toString()));
  }

  private static Optional<String> text(JsonNode tree, String name) {
    var value = tree.path(name);
    return value.isTextual() && !value.asText().isEmpty()
        ? Optional.of(value.asText())
        : Optional.empty();
  }
}
