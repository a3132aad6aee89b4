package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.Shell;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Optional;

/**
 * A deployed plane behind API Gateway: every request is signed with the user's AWS credentials. A
 * plane that takes a bearer token, such as another home's embedded one, gets {@code
 * VAULTLAYER_TOKEN}.
 */
final class DeployedDoor implements Door {
  private static final long POLL_MILLIS = 1_500;
  private static final long NEXT_DOOR_MILLIS = 150;

  private final String endpoint;
  private final Optional<String> token;
  private final AwsSignature signature;

  private DeployedDoor(String endpoint, Optional<String> token, AwsSignature signature) {
    this.endpoint = endpoint;
    this.token = token;
    this.signature = signature;
  }

  static DeployedDoor of(String endpoint, Config config, Shell shell) {
    var region = AwsRegion.of(endpoint, config.region());
    return new DeployedDoor(
        endpoint,
        shell.variable("VAULTLAYER_TOKEN"),
        new AwsSignature(AwsCredentials.find(shell), region, shell.clock()));
  }

  @Override
  public String endpoint() {
    return endpoint;
  }

  @Override
  public void sign(HttpURLConnection request, byte[] body) {
    if (token.isPresent()) {
      request.setRequestProperty("Authorization", "Bearer " + token.get());
      return;
    }
    signature
        .headers(request.getRequestMethod(), URI.create(request.getURL().toString()), body)
        .forEach(request::setRequestProperty);
  }

  @Override
  public long pollMillis() {
    var host = String.valueOf(URI.create(endpoint).getHost());
    return host.equals("127.0.0.1") || host.equals("localhost") ? NEXT_DOOR_MILLIS : POLL_MILLIS;
  }

  @Override
  public boolean revive() {
    return false;
  }
}
