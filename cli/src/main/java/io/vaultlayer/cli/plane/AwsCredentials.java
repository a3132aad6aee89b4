package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** An AWS key. {@code sessionToken} is empty for a long-lived one. */
record AwsCredentials(String accessKeyId, String secretAccessKey, Optional<String> sessionToken) {

  /**
   * The environment's key, else that of the profile {@code AWS_PROFILE} (or {@code default}) in the
   * shared credentials file. Empty when there is neither: the request then goes out unsigned, and
   * the plane says so.
   */
  static Optional<AwsCredentials> find(Shell shell) {
    var id = shell.variable("AWS_ACCESS_KEY_ID");
    var secret = shell.variable("AWS_SECRET_ACCESS_KEY");
    if (id.isPresent() && secret.isPresent()) {
      return Optional.of(
          new AwsCredentials(id.get(), secret.get(), shell.variable("AWS_SESSION_TOKEN")));
    }
    return ofProfile(
        shell
            .variable("AWS_SHARED_CREDENTIALS_FILE")
            .map(Path::of)
            .orElseGet(() -> shell.userHome().resolve(".aws/credentials")),
        shell.variable("AWS_PROFILE").orElse("default"));
  }

  private static Optional<AwsCredentials> ofProfile(Path file, String profile) {
    var values = new HashMap<String, String>();
    try {
      boolean inside = false;
      for (var raw : Files.readAllLines(file)) {
        var line = raw.strip();
        if (line.startsWith("[")) {
          inside = line.equals("[" + profile + "]");
        } else if (inside && line.indexOf('=') > 0 && !line.startsWith("#")) {
          int at = line.indexOf('=');
          values.put(line.substring(0, at).strip(), line.substring(at + 1).strip());
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return ofValues(values);
  }

  private static Optional<AwsCredentials> ofValues(Map<String, String> values) {
    var id = values.get("aws_access_key_id");
    var secret = values.get("aws_secret_access_key");
    return id == null || secret == null
        ? Optional.empty()
        : Optional.of(
            new AwsCredentials(id, secret, Optional.ofNullable(values.get("aws_session_token"))));
  }

  @Override
  public String toString() {
    return "AwsCredentials[" + accessKeyId + "]";
  }
}
