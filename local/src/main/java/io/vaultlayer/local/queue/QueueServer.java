package io.vaultlayer.local.queue;

import com.typesafe.config.ConfigFactory;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.elasticmq.NodeAddress;
import org.elasticmq.rest.sqs.SQSRestServer;
import org.elasticmq.rest.sqs.SQSRestServerBuilder;
import scala.concurrent.Await;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/**
 * The queue server in this process, on loopback. Messages live in memory: they are hints, and the
 * sweep finds what a lost one would have said.
 */
public final class QueueServer implements AutoCloseable {
  /** Longer than a long poll of 20 s, so that an empty one ends by itself. */
  private static final Duration ANSWER = Duration.ofSeconds(30);

  /**
   * Small pools and a slow clock: at 10 ms a tick the idle scheduler alone woke the machine a
   * hundred times a second. A tenth of a second late is nothing to a hint.
   */
  private static final String SETTINGS =
      """
      pekko {
        loglevel = "WARNING"
        jvm-shutdown-hooks = off
        coordinated-shutdown.run-by-jvm-shutdown-hook = off
        scheduler.tick-duration = 100ms
        actor.default-dispatcher.fork-join-executor { parallelism-min = 2, parallelism-max = 2 }
        actor.internal-dispatcher.fork-join-executor { parallelism-min = 1, parallelism-max = 2 }
        actor.default-blocking-io-dispatcher.thread-pool-executor.fixed-pool-size = 1
        http.server.idle-timeout = 90s
        http.server.max-connections = 128
      }
      """;

  private final ActorSystem system;
  private final SQSRestServer server;
  private final URI endpoint;
  private final SqsClient client;

  private QueueServer(ActorSystem system, SQSRestServer server, int port) {
    this.system = system;
    this.server = server;
    this.endpoint = URI.create("http://127.0.0.1:" + port);
    this.client = client(endpoint);
  }

  /** Binds the port and makes the queues. @throws PlaneRefused when the port is taken */
  public static QueueServer start(int port, List<Template.Queue> queues) {
    var config = ConfigFactory.parseString(SETTINGS).withFallback(ConfigFactory.load());
    var system = ActorSystem.create("queues", config);
    try {
      var server =
          SQSRestServerBuilder.withActorSystem(system)
              .withInterface("127.0.0.1")
              .withPort(port)
              .withServerAddress(new NodeAddress("http", "127.0.0.1", port, ""))
              .withAWSRegion(LocalNames.REGION)
              .withAWSAccountId(LocalNames.ACCOUNT)
              .start();
      server.waitUntilStarted();
      var started = new QueueServer(system, server, port);
      queues.stream().filter(q -> q.deadLetters().isEmpty()).forEach(started::create);
      queues.stream().filter(q -> q.deadLetters().isPresent()).forEach(started::create);
      return started;
    } catch (RuntimeException e) {
      system.terminate();
      throw new PlaneRefused(
          "queue_server", "starting the queue server on port " + port + ": " + e.getMessage(), e);
    }
  }

  private void create(Template.Queue queue) {
    Map<QueueAttributeName, String> attributes = new HashMap<>();
    attributes.put(
        QueueAttributeName.VISIBILITY_TIMEOUT, Long.toString(queue.visibility().toSeconds()));
    attributes.put(QueueAttributeName.DELAY_SECONDS, Long.toString(queue.delay().toSeconds()));
    queue
        .deadLetters()
        .ifPresent(dead ->
            attributes.put(
                QueueAttributeName.REDRIVE_POLICY,
                "{\"deadLetterTargetArn\":\"arn:aws:sqs:%s:%s:%s\",\"maxReceiveCount\":%d}"
                    .formatted(LocalNames.REGION, LocalNames.ACCOUNT, dead, queue.maxReceives())));
    client.createQueue(r -> r.queueName(queue.name()).attributes(attributes));
  }

  public URI endpoint() {
    return endpoint;
  }

  /** A client whose calls may last as long as a long poll. */
  public SqsClient client() {
    return client;
  }

  private static SqsClient client(URI endpoint) {
    return SqsClient.builder()
        .endpointOverride(endpoint)
        .region(Region.of(LocalNames.REGION))
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("plane", "loopback")))
        .httpClient(
            UrlConnectionHttpClient.builder()
                .connectionTimeout(Duration.ofSeconds(3))
                .socketTimeout(ANSWER)
                .build())
        .overrideConfiguration(c -> c.apiCallTimeout(ANSWER).apiCallAttemptTimeout(ANSWER))
        .build();
  }

  @Override
  public void close() {
    client.close();
    system.terminate();
    try {
      Await.ready(
          system.whenTerminated(), scala.concurrent.duration.Duration.create(5, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.TimeoutException e) {
      // The process ends anyway; nothing in here outlives it.
    }
  }
}
