package io.vaultlayer.aws;

import io.vaultlayer.core.port.TransportUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

/**
 * One secret of Secrets Manager: a text, its whole value. Read when it is first asked for, and
 * again after a while, so that another that takes its place is noticed by a process that lives on.
 */
public final class StoredSecret implements Supplier<String> {
  /** Halved, it is read twice as often for nothing; doubled, a replaced one fails for longer. */
  private static final Duration KEPT = Duration.ofMinutes(5);

  private static final int MOST_CHARACTERS = 512;

  private final Supplier<SecretsManagerClient> client;
  private final String id;
  private final InstantSource clock;
  private Optional<String> value = Optional.empty();
  private Instant readAgainAt = Instant.MIN;

  /**
   * @param client made when it is first needed
   * @param id name or ARN
   */
  public StoredSecret(Supplier<SecretsManagerClient> client, String id, InstantSource clock) {
    this.client = client;
    this.id = id;
    this.clock = clock;
  }

  /**
   * @throws TransportUnavailable when it was never read and cannot be now
   */
  @Override
  public synchronized String get() {
    Instant now = clock.instant();
    if (value.isEmpty() || !now.isBefore(readAgainAt)) {
      try {
        value = Optional.of(read());
        readAgainAt = now.plus(KEPT);
      } catch (SdkException failure) {
        // The one read before: if it was revoked meanwhile, it opens nothing.
        if (value.isEmpty()) {
          throw Failures.transport("reading the secret " + id, failure);
        }
      }
    }
    return value.orElseThrow();
  }

  private String read() {
    String text = client.get().getSecretValue(request -> request.secretId(id)).secretString();
    String secret = text == null ? "" : text.strip();
    if (secret.isEmpty()
        || secret.length() > MOST_CHARACTERS
        || secret.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalStateException(
          "the secret " + id + " is not one word of 1 to " + MOST_CHARACTERS + " characters");
    }
    return secret;
  }

  @Override
  public String toString() {
    return "StoredSecret[" + id + "]";
  }
}
