package io.vaultlayer.functions;

import io.vaultlayer.aws.Clients;
import io.vaultlayer.aws.DynamoStore;
import io.vaultlayer.aws.Endpoints;
import io.vaultlayer.aws.EventBridgeBus;
import io.vaultlayer.aws.R2Account;
import io.vaultlayer.aws.R2JobCredentials;
import io.vaultlayer.aws.S3Bucket;
import io.vaultlayer.aws.SqsQueue;
import io.vaultlayer.aws.StoredSecret;
import io.vaultlayer.aws.StsJobCredentials;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * What a function stands on when it runs on Lambda. Every client is made when it is first used, and
 * once for the life of the process, so that a cold start pays only for what its event needs.
 */
@Singleton
public final class AwsPlatform implements Platform {
  /** Set by Lambda for every function. */
  private static final String REGION = "AWS_REGION";

  /** Set where the bucket is on R2; then the three after it are, too (decision 0018). */
  private static final String R2_ENDPOINT = "R2_ENDPOINT";

  private static final String R2_ACCOUNT = "R2_ACCOUNT_ID";
  private static final String R2_PARENT_KEY = "R2_PARENT_KEY_ID";
  private static final String R2_PARENT_SECRET = "R2_PARENT_SECRET";

  private final Map<String, String> environment;
  private final SecureRandom random = new SecureRandom();
  private Clients clients;
  private StoredSecret parentSecret;

  @Inject
  public AwsPlatform() {
    this(System.getenv());
  }

  AwsPlatform(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public String variable(String name) {
    var value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw new MissingVariable(name);
    }
    return value;
  }

  @Override
  public Store store() {
    return new DynamoStore(clients().dynamo(), this::pause);
  }

  @Override
  public Queue queue(String urlVariable) {
    return new SqsQueue(clients().sqs(), variable(urlVariable));
  }

  @Override
  public Bus bus(String nameVariable) {
    return new EventBridgeBus(clients().events(), variable(nameVariable));
  }

  @Override
  public Bucket bucket(String nameVariable) {
    return new S3Bucket(clients().s3(), clients().presigner(), variable(nameVariable));
  }

  @Override
  public JobCredentials credentials(String bucketVariable, String roleVariable) {
    if (!environment.getOrDefault(R2_ENDPOINT, "").isBlank()) {
      var account =
          R2Account.parse(variable(R2_ENDPOINT), variable(R2_ACCOUNT), variable(R2_PARENT_KEY));
      return new R2JobCredentials(account, parentSecret(), clock(), variable(bucketVariable));
    }
    return new StsJobCredentials(
        clients().sts(), clients().endpoints(), variable(bucketVariable), variable(roleVariable));
  }

  /**
   * None yet: the registry's only validated provider is the embedded plane's own machine, and a
   * function is no place to rent it.
   */
  @Override
  public List<Provider> providers() {
    return List.of();
  }

  /** In milliseconds: what is stored says no more, so nothing is told that is not stored. */
  @Override
  public InstantSource clock() {
    return Clock.tickMillis(ZoneOffset.UTC);
  }

  @Override
  public Entropy entropy() {
    return count -> {
      if (count < 1 || count > 64) {
        throw new IllegalArgumentException("1 to 64 random bytes at once, not " + count);
      }
      var bytes = new byte[count];
      random.nextBytes(bytes);
      return bytes;
    };
  }

  @Override
  public <T> List<Optional<T>> parallel(List<Callable<T>> work, Duration limit) {
    return Parallel.onVirtualThreads(work, limit);
  }

  @Override
  public void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted between two tries", ending);
    }
  }

  /** One for the life of the process: it keeps what it read for a while. */
  private synchronized StoredSecret parentSecret() {
    if (parentSecret == null) {
      var id = variable(R2_PARENT_SECRET);
      parentSecret = new StoredSecret(() -> clients().secrets(), id, clock());
    }
    return parentSecret;
  }

  private synchronized Clients clients() {
    if (clients == null) {
      clients = new Clients(Endpoints.aws(variable(REGION)));
    }
    return clients;
  }
}
