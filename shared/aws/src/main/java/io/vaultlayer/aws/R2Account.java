package io.vaultlayer.aws;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * An account of Cloudflare R2 and the parent token in it from which credentials are derived.
 *
 * @param endpoint such as {@code https://<account>.r2.cloudflarestorage.com}, with the jurisdiction
 *     in the host where the bucket has one; no path
 * @param accountId of Cloudflare
 * @param parentKeyId access key id of the parent token; its secret is nowhere in here
 */
public record R2Account(URI endpoint, String accountId, String parentKeyId) {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9]{8,128}");
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");

  public R2Account {
    boolean isHost =
        endpoint.getHost() != null
            && endpoint.getRawUserInfo() == null
            && endpoint.getRawQuery() == null
            && Set.of("", "/").contains(endpoint.getRawPath());
    boolean isSafe =
        "https".equals(endpoint.getScheme())
            || "http".equals(endpoint.getScheme()) && LOOPBACK.contains(endpoint.getHost());
    if (!isHost || !isSafe) {
      // Not shown: what stands in the wrong place may be a secret.
      throw new IllegalArgumentException(
          "an endpoint of R2 is https://<account>.r2.cloudflarestorage.com without a path");
    }
    if (!ID.matcher(accountId).matches() || !ID.matcher(parentKeyId).matches()) {
      throw new IllegalArgumentException(
          "ids of accounts and access keys are 8 to 128 letters and digits");
    }
  }

  /**
   * @throws IllegalArgumentException without showing the endpoint, in whose place something secret
   *     may stand
   */
  public static R2Account parse(String endpoint, String accountId, String parentKeyId) {
    URI parsed;
    try {
      parsed = new URI(endpoint.strip());
    } catch (URISyntaxException unreadable) {
      throw new IllegalArgumentException("the endpoint of R2 is no URL");
    }
    return new R2Account(parsed, accountId.strip(), parentKeyId.strip());
  }

  /** The host as a token's audience names it: with a port only where it is not the usual one. */
  String audience() {
    int port = endpoint.getPort();
    return port < 0 || port == 443 ? endpoint.getHost() : endpoint.getHost() + ":" + port;
  }
}
