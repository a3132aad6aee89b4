package io.vaultlayer.agent.s3;

import io.vaultlayer.wire.AttemptApi.S3Credentials;
import io.vaultlayer.wire.AttemptApi.S3Key;
import java.net.URI;
import java.util.Optional;

/**
 * What every request under the same credentials has in common. Kept from one to the next: parsing
 * the endpoint anew was a tenth of what a small file cost.
 *
 * @param host as the Host header says it
 * @param path percent-encoded, to the end of the bucket's name
 */
record Place(
    S3Credentials credentials,
    Signer.Identity writing,
    Signer.Identity reading,
    Wire.Target target,
    String host,
    String path) {
  private static volatile Place last;

  static Place of(S3Credentials credentials) {
    Place known = last;
    if (known == null || known.credentials() != credentials) {
      known = derived(credentials);
      last = known;
    }
    return known;
  }

  private static Place derived(S3Credentials credentials) {
    String base = credentials.endpoint();
    while (base.endsWith("/")) {
      base = base.substring(0, base.length() - 1);
    }
    URI endpoint = URI.create(base);
    var writing =
        identity(
            new S3Key(
                credentials.accessKeyId(),
                credentials.secretAccessKey(),
                credentials.sessionToken()),
            credentials.region());
    return new Place(
        credentials,
        writing,
        credentials.read() == null ? writing : identity(credentials.read(), credentials.region()),
        Wire.Target.of(endpoint.getScheme(), endpoint.getHost(), endpoint.getPort()),
        host(endpoint),
        Optional.ofNullable(endpoint.getRawPath()).orElse("")
            + '/'
            + Signer.encode(credentials.bucket(), false));
  }

  /** What only reads objects goes with the key for reading, where there is one. */
  Signer.Identity identity(Exchange.Request request) {
    boolean gets = request.method().equals("GET") || request.method().equals("HEAD");
    return gets && !request.query().containsKey("uploadId") ? reading : writing;
  }

  private static Signer.Identity identity(S3Key key, String region) {
    return new Signer.Identity(
        key.accessKeyId(), key.secretAccessKey(), key.sessionToken(), region);
  }

  private static String host(URI endpoint) {
    int port = endpoint.getPort();
    boolean usual =
        port < 0
            || port == 80 && "http".equals(endpoint.getScheme())
            || port == 443 && "https".equals(endpoint.getScheme());
    return usual ? endpoint.getHost() : endpoint.getHost() + ':' + port;
  }

  @Override
  public String toString() {
    return "Place[" + host + path + "]";
  }
}
