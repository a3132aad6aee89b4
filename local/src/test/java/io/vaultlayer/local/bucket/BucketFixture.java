package io.vaultlayer.local.bucket;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.local.FreePort;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.local.template.TemplateReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** The real bucket server on the real template, with attempts whose life a test decides. */
final class BucketFixture implements AutoCloseable {
  private static final AtomicLong CREATED = new AtomicLong(1_700_000_000_000L);

  final Path directory;
  final Template template;
  final Set<String> fenced = new HashSet<>();
  final BucketServer server;
  final Identities identities;
  final String bucket;
  volatile Duration ahead = Duration.ZERO;
  private final List<S3Client> clients = new ArrayList<>();

  BucketFixture(Path directory) throws Exception {
    this(directory, FreePort.any());
  }

  BucketFixture(Path directory, int port) throws Exception {
    this.directory = directory;
    var names = new LocalNames("http://127.0.0.1:1", "http://127.0.0.1:2");
    template =
        TemplateReader.read(
            Path.of(System.getProperty("vaultlayer.root"), "template.yaml"), Map.of(), names);
    bucket = template.buckets().getFirst().name();
    Files.createDirectories(directory.resolve("bucket"));
    var random = new SecureRandom();
    identities =
        Identities.open(
            directory.resolve("identities.db"),
            count -> {
              var bytes = new byte[count];
              random.nextBytes(bytes);
              return bytes;
            },
            () -> Instant.now().plus(ahead));
    server =
        BucketServer.start(
            directory.resolve("bucket"),
            port,
            template,
            identities,
            (job, epoch) -> !fenced.contains(job + "/" + epoch),
            () -> Instant.now().plus(ahead));
  }

  /** A job that no test has used: a server is shared by many tests. */
  static JobId job() {
    return JobId.make(CREATED.incrementAndGet(), new byte[10]);
  }

  JobCredentials.Issued issue(JobId job, int epoch) {
    return server
        .credentials(bucket, template.roles().getFirst().arn(), Optional.empty())
        .issue(job, epoch, Duration.ofMinutes(15));
  }

  S3Client client(JobId job, int epoch) {
    return client(issue(job, epoch));
  }

  S3Client client(JobCredentials.Issued issued) {
    return client(issued.accessKeyId(), issued.secretAccessKey(), issued.sessionToken());
  }

  S3Client client(String id, String secret, String token) {
    var client =
        S3Client.builder()
            .endpointOverride(server.endpoint())
            .region(Region.of(LocalNames.REGION))
            .forcePathStyle(true)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsSessionCredentials.create(id, secret, token)))
            .httpClient(ApacheHttpClient.create())
            .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(3)))
            .build();
    clients.add(client);
    return client;
  }

  /** The HTTP status with which a call is refused; 200 when it is not. */
  static int status(Runnable call) {
    try {
      call.run();
      return 200;
    } catch (S3Exception e) {
      return e.statusCode();
    }
  }

  static String checkpoint(JobId job, int epoch, String file) {
    return "jobs/%s/checkpoints/e%08d/step-000000000005/%s".formatted(job, epoch, file);
  }

  @Override
  public void close() {
    clients.forEach(S3Client::close);
    server.close();
    identities.close();
  }
}
