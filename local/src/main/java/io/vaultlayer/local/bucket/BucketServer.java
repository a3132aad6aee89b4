package io.vaultlayer.local.bucket;

import io.vaultlayer.aws.Clients;
import io.vaultlayer.aws.Endpoints;
import io.vaultlayer.aws.S3Bucket;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.function.Permissions;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.gaul.s3proxy.AccessGrant;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.gaul.shaded.org.eclipse.jetty.server.HttpConnectionFactory;
import org.gaul.shaded.org.eclipse.jetty.server.Server;

/** The S3 server on loopback, over a directory of plain files. */
public final class BucketServer implements AutoCloseable {
  /**
   * A body whose digest is part of the signature is held in memory until it is checked. Clients
   * that send more sign in pieces or leave the body unsigned, which stream.
   */
  private static final long MOST_BUFFERED = 32L << 20;

  private static final int THREADS = 48;
  private static final long STOP_MILLIS = 5_000;

  private final S3Proxy server;
  private final URI endpoint;
  private final Clients clients;
  private final Template template;
  private final Identities identities;
  private final AttemptLiveness liveness;
  private final InstantSource clock;
  private final BlobStore files;
  private final Objects objects;
  private final Path root;

  private BucketServer(
      Path root,
      int port,
      Template template,
      Identities identities,
      AttemptLiveness liveness,
      InstantSource clock) {
    this.root = root;
    this.template = template;
    this.identities = identities;
    this.liveness = liveness;
    this.clock = clock;
    this.endpoint = URI.create("http://127.0.0.1:" + port);
    this.files = new FilesystemNio2BlobStore(root.toString());
    this.objects = new Objects(root, writeOnce(template), identities, clock);
    this.server =
        S3Proxy.builder()
            .endpoint(endpoint)
            .awsAuthentication(
                AuthenticationType.AWS_V4, Identities.PLANE, identities.planeSecret())
            .blobStore(
                new GuardedBlobStore(files, Access.nobody("requests must be signed"), objects))
            .ignoreUnknownHeaders(true)
            .v4MaxNonChunkedRequestSize(MOST_BUFFERED)
            .jettyMaxThreads(THREADS)
            .stopTimeout(STOP_MILLIS)
            .build();
    adjust(server, clock);
    server.setBlobStoreLocator((identity, bucket, key) -> grant(identity));
    this.clients =
        new Clients(
            Endpoints.at(endpoint, LocalNames.REGION, Identities.PLANE, identities.planeSecret()));
  }

  /**
   * Makes the template's buckets under {@code root} and serves them.
   *
   * @throws PlaneRefused when the port is taken
   */
  public static BucketServer start(
      Path root,
      int port,
      Template template,
      Identities identities,
      AttemptLiveness liveness,
      InstantSource clock) {
    try {
      for (var bucket : template.buckets()) {
        Files.createDirectories(root.resolve(bucket.name()));
      }
      var started = new BucketServer(root, port, template, identities, liveness, clock);
      started.server.start();
      return started;
    } catch (Exception e) {
      throw new PlaneRefused(
          "bucket_server", "starting the bucket on port " + port + ": " + e.getMessage(), e);
    }
  }

  /**
   * What the S3 server offers no setting for. Many clients call every body a form (curl does): it
   * would read such a body as parameters, and neither signature nor object would be right. And a
   * body that it refuses unread has to be taken by somebody: {@link UnreadBody}.
   */
  private static void adjust(S3Proxy proxy, InstantSource clock) {
    try {
      var field = S3Proxy.class.getDeclaredField("server");
      field.setAccessible(true);
      var server = (Server) field.get(proxy);
      for (var connector : server.getConnectors()) {
        connector
            .getConnectionFactory(HttpConnectionFactory.class)
            .getHttpConfiguration()
            .setFormEncodedMethods();
      }
      server.setHandler(new UnreadBody(server.getHandler(), clock));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("another version of the S3 server than the one tried", e);
    }
  }

  /** What the bucket policies want created but never written over. */
  private static List<String> writeOnce(Template template) {
    return template.buckets().stream()
        .flatMap(bucket -> bucket.policy().stream())
        .filter(s ->
            !s.allow()
                && s.principals().contains("*")
                && s.actions().contains("s3:PutObject")
                && "true"
                    .equals(s.conditions().getOrDefault("Null", Map.of()).get("s3:if-none-match")))
        .flatMap(s -> s.resources().stream())
        .toList();
  }

  private AccessGrant grant(String identity) {
    if (identity == null) {
      return null;
    }
    if (identity.equals(Identities.PLANE)) {
      var names =
          template.buckets().stream().map(Template.Bucket::name).collect(Collectors.toSet());
      return new AccessGrant(
          identities.planeSecret(), new GuardedBlobStore(files, new PlaneAccess(names), objects));
    }
    return identities
        .find(identity)
        .map(who ->
            new AccessGrant(
                who.secret(),
                new GuardedBlobStore(
                    files,
                    new AttemptAccess(who, role(who.roleArn()), liveness, identities, clock),
                    objects)))
        .orElse(null);
  }

  private Permissions role(String arn) {
    return new Permissions(
        template.roles().stream()
            .filter(r -> r.arn().equals(arn))
            .flatMap(r -> r.statements().stream())
            .toList());
  }

  public URI endpoint() {
    return endpoint;
  }

  /** The control plane's view of one bucket. */
  public Bucket bucket(String name) {
    return new S3Bucket(clients.s3(), clients.presigner(), name);
  }

  /**
   * @param advertised where those who get them reach this server, when not at its own address
   */
  public LocalCredentials credentials(String bucket, String roleArn, Optional<URI> advertised) {
    return new LocalCredentials(identities, advertised.orElse(endpoint), bucket, roleArn);
  }

  /** Removes, in the background, what a killed plane left unfinished. */
  public void sweep(PlaneLog log) {
    var started = clock.instant();
    Thread.ofVirtual()
        .name("bucket-sweep")
        .start(() -> {
          for (var bucket : template.buckets()) {
            try {
              int removed = Leftovers.sweep(root.resolve(bucket.name()), started);
              if (removed > 0) {
                log.info("swept", Map.of("bucket", bucket.name(), "unfinished", removed));
              }
            } catch (IOException e) {
              log.error("sweep", Map.of("bucket", bucket.name()), e);
            }
          }
        });
  }

  @Override
  public void close() {
    clients.close();
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("stopping the bucket", e);
    }
  }
}
