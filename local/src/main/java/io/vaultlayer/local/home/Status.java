package io.vaultlayer.local.home;

import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * {@code vl local status}, and the content of {@code plane.json} while a plane runs.
 *
 * @param startedAt when the process started, which with its id tells it from a later one
 */
public record Status(
    String endpoint,
    String tokenFile,
    long pid,
    String dataDir,
    String s3Endpoint,
    String bucket,
    String region,
    String version,
    String startedAt) {

  void write(Path file) throws IOException {
    Home.replace(file, Json.render(this) + "\n");
  }

  /** What the file says; empty when there is none or it is unreadable. */
  public static Optional<Status> read(Path file) {
    try {
      return Optional.of(Json.parse(Files.readString(file), Status.class));
    } catch (IOException | Json.MalformedJson e) {
      return Optional.empty();
    }
  }
}
