package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.Failure;
import java.util.Optional;
import java.util.regex.Pattern;

/** The region that a request is signed for. */
final class AwsRegion {
  private static final Pattern EXECUTE_API =
      Pattern.compile(
          "https://[^./]+\\.execute-api\\.([a-z0-9-]+)\\.amazonaws\\.com(\\.cn)?(/.*)?");

  private AwsRegion() {}

  /** The endpoint's own region, else the configured one. */
  static String of(String endpoint, Optional<String> configured) {
    var match = EXECUTE_API.matcher(endpoint);
    if (match.matches()) {
      return match.group(1);
    }
    if (configured.isPresent()) {
      return configured.get();
    }
    if (endpoint.startsWith("http://127.0.0.1") || endpoint.startsWith("http://localhost")) {
      return "us-east-1";
    }
    throw Failure.usage(
        "no_region",
        "signing requests to "
            + endpoint
            + ": its region is not known; set AWS_REGION or \"region\" in config.json");
  }
}
