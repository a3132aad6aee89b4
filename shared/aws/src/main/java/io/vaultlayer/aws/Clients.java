package io.vaultlayer.aws;

import java.time.Duration;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * The SDK's clients for one {@link Endpoints}. Each is made when it is first asked for and kept: a
 * function pays only for what it uses. Every call ends within 15 s, tries included, because a
 * function has 25 s in all.
 */
public final class Clients implements AutoCloseable {
  private static final Duration CALL = Duration.ofSeconds(15);

  /** Long enough for a cold connection; a second try must still fit into a call. */
  private static final Duration TRY = Duration.ofSeconds(6);

  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final int TRIES = 3;

  private final Endpoints endpoints;
  private final Once<SdkHttpClient> plainHttp =
      new Once<>(() ->
          UrlConnectionHttpClient.builder().connectionTimeout(CONNECT).socketTimeout(TRY).build());
  // S3 needs Expect: 100-continue and streams that can be aborted; the plain client has neither.
  private final Once<SdkHttpClient> s3Http =
      new Once<>(() ->
          ApacheHttpClient.builder()
              .connectionTimeout(CONNECT)
              .socketTimeout(TRY)
              .maxConnections(32)
              .build());
  private final Once<DynamoDbClient> dynamo =
      new Once<>(() -> plain(DynamoDbClient.builder()).httpClient(plainHttp.get()).build());
  private final Once<SqsClient> sqs =
      new Once<>(() -> plain(SqsClient.builder()).httpClient(plainHttp.get()).build());
  private final Once<EventBridgeClient> events =
      new Once<>(() -> plain(EventBridgeClient.builder()).httpClient(plainHttp.get()).build());
  private final Once<StsClient> sts =
      new Once<>(() -> plain(StsClient.builder()).httpClient(plainHttp.get()).build());
  private final Once<SecretsManagerClient> secrets =
      new Once<>(() -> plain(SecretsManagerClient.builder()).httpClient(plainHttp.get()).build());
  private final Once<S3Client> s3 = new Once<>(this::makeS3);
  private final Once<S3Presigner> presigner = new Once<>(this::makePresigner);

  public Clients(Endpoints endpoints) {
    this.endpoints = endpoints;
  }

  public Endpoints endpoints() {
    return endpoints;
  }

  public DynamoDbClient dynamo() {
    return dynamo.get();
  }

  public SqsClient sqs() {
    return sqs.get();
  }

  public EventBridgeClient events() {
    return events.get();
  }

  public StsClient sts() {
    return sts.get();
  }

  public SecretsManagerClient secrets() {
    return secrets.get();
  }

  public S3Client s3() {
    return s3.get();
  }

  public S3Presigner presigner() {
    return presigner.get();
  }

  @Override
  public void close() {
    dynamo.close();
    sqs.close();
    events.close();
    sts.close();
    secrets.close();
    s3.close();
    presigner.close();
    plainHttp.close();
    s3Http.close();
  }

  private S3Client makeS3() {
    // Checksums only where the operation demands one: other makers' servers refuse the trailers.
    return plain(S3Client.builder())
        .httpClient(s3Http.get())
        .forcePathStyle(endpoints.pathStyle())
        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
        .build();
  }

  private S3Presigner makePresigner() {
    var builder =
        S3Presigner.builder()
            .region(endpoints.region())
            .credentialsProvider(endpoints.credentials())
            .serviceConfiguration(
                S3Configuration.builder().pathStyleAccessEnabled(endpoints.pathStyle()).build());
    endpoints.override().ifPresent(builder::endpointOverride);
    return builder.build();
  }

  private <B extends AwsClientBuilder<B, ?>> B plain(B builder) {
    builder
        .region(endpoints.region())
        .credentialsProvider(endpoints.credentials())
        .overrideConfiguration(
            ClientOverrideConfiguration.builder()
                .apiCallTimeout(CALL)
                .apiCallAttemptTimeout(TRY)
                .retryStrategy(
                    DefaultRetryStrategy.standardStrategyBuilder().maxAttempts(TRIES).build())
                .build());
    endpoints.override().ifPresent(builder::endpointOverride);
    return builder;
  }

  /** Makes a thing when it is first asked for, once, also when two threads ask together. */
  private static final class Once<T extends AutoCloseable> {
    private final Supplier<T> make;
    private T made;

    Once(Supplier<T> make) {
      this.make = make;
    }

    synchronized T get() {
      if (made == null) {
        made = make.get();
      }
      return made;
    }

    synchronized void close() {
      if (made != null) {
        try {
          made.close();
        } catch (Exception closing) {
          // Nothing depends on a client that is going away.
          made = null;
        }
      }
      made = null;
    }
  }
}
