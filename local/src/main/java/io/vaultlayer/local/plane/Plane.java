package io.vaultlayer.local.plane;

import io.micronaut.context.ApplicationContext;
import io.vaultlayer.aws.SqsQueue;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.bucket.AttemptLiveness;
import io.vaultlayer.local.bucket.BucketServer;
import io.vaultlayer.local.bucket.Identities;
import io.vaultlayer.local.bus.Deliveries;
import io.vaultlayer.local.bus.LocalBus;
import io.vaultlayer.local.bus.Schedules;
import io.vaultlayer.local.function.FunctionHost;
import io.vaultlayer.local.function.Parts;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.local.home.Status;
import io.vaultlayer.local.http.AdminRoute;
import io.vaultlayer.local.http.Answer;
import io.vaultlayer.local.http.HttpDoor;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.queue.QueuePoller;
import io.vaultlayer.local.queue.QueueServer;
import io.vaultlayer.local.store.SqliteStore;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.local.template.TemplateReader;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The running plane: everything that the template names, on loopback. */
public final class Plane implements AutoCloseable {
  /** Invocations in flight get this long when the plane stops. */
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private static final Duration HOUSEKEEPING = Duration.ofMinutes(1);

  private final Opened opened = new Opened();
  private final CountDownLatch down = new CountDownLatch(1);
  private final PlaneLog log;
  private final Status status;
  private final String token;
  private final List<QueuePoller> pollers = new ArrayList<>();
  private HttpDoor door;
  private boolean closed;

  /**
   * How this plane is made.
   *
   * @param template the file
   * @param parameters of the template that this deployment sets
   * @param providers made once the home is claimed
   */
  public record Plan(
      Path template,
      Map<String, String> parameters,
      Function<Claimed, List<Provider>> providers,
      String version,
      InstantSource clock,
      Entropy entropy) {}

  private Plane(Claimed claimed, Plan plan, PlaneLog log, UnaryOperator<Template> change) {
    this.log = log;
    this.token = claimed.token();
    opened.add("home", claimed);
    try {
      this.status = open(claimed, plan, change);
    } catch (RuntimeException e) {
      opened.close(log);
      throw e;
    }
  }

  /**
   * Starts everything; on return the API answers and {@code plane.json} says where. The plane owns
   * the claimed home from here on.
   *
   * @throws PlaneRefused saying what is in the way; nothing is left running then
   */
  public static Plane start(Claimed claimed, Plan plan, PlaneLog log) {
    return start(claimed, plan, log, UnaryOperator.identity());
  }

  /** As above, on a changed template: how a test shows that every line of it is needed. */
  static Plane start(Claimed claimed, Plan plan, PlaneLog log, UnaryOperator<Template> change) {
    return new Plane(claimed, plan, log, change);
  }

  private Status open(Claimed claimed, Plan plan, UnaryOperator<Template> change) {
    var home = claimed.home();
    var ports = claimed.ports();
    var settings = claimed.settings();
    var own = "http://127.0.0.1:" + ports.http();
    var names =
        new LocalNames(
            settings.agentEndpoint().map(URI::toString).orElse(own),
            "http://127.0.0.1:" + ports.sqs());
    var template = change.apply(TemplateReader.read(plan.template(), plan.parameters(), names));

    // The two slow starters begin at once, each on a thread of its own.
    var queueServer = async("queues", () -> QueueServer.start(ports.sqs(), template.queues()));
    var context = async("context", Plane::context);
    try {
      var store = opened.add("store", SqliteStore.open(home.store(), template.tables()));
      var identities =
          opened.add(
              "identities", Identities.open(home.identities(), plan.entropy(), plan.clock()));
      var leases = new StoredLeases(store);
      AttemptLiveness liveness =
          template.tables().stream().anyMatch(t -> t.name().equals(StoredLeases.TABLE))
              ? leases
              : (job, epoch) -> false;
      var bucket =
          opened.add(
              "bucket",
              BucketServer.start(
                  home.bucket(), ports.s3(), template, identities, liveness, plan.clock()));
      var queues = opened.add("queues", join(queueServer));
      var shared = opened.add("context", join(context));

      var deliveries = new Deliveries(template, url -> new SqsQueue(queues.client(), url), log);
      Map<String, Bus> buses = new HashMap<>();
      for (var bus : template.buses()) {
        buses.put(bus.name(), new LocalBus(bus.name(), template, deliveries, plan.clock()));
      }
      var schedules = new Schedules(template, deliveries, plan.clock(), log);
      var host =
          new FunctionHost(
              shared,
              new Parts(
                  template,
                  store,
                  url -> new SqsQueue(queues.client(), url),
                  buses::get,
                  bucket::bucket,
                  (name, role) -> bucket.credentials(name, role, settings.agentS3Endpoint()),
                  plan.providers().apply(claimed),
                  plan.clock(),
                  plan.entropy()),
              log);
      pollers(template, queues, host, plan.clock());

      var made = status(claimed, plan, own, bucket, template);
      Supplier<JobCredentials> agents =
          () ->
              bucket.credentials(
                  template.buckets().getFirst().name(),
                  template.roles().getFirst().arn(),
                  Optional.empty());
      door =
          new HttpDoor(
              ports.http(),
              template.functions(),
              admin(made, new AttemptCredentials(leases, home.instances(), agents)),
              host,
              claimed.token(),
              plan.clock(),
              log);
      bucket.sweep(log);
      door.start();
      pollers.forEach(QueuePoller::start);
      opened.add("schedules", schedules).start();
      opened.add("housekeeping", housekeeping(store, plan.clock()));
      claimed.publish(made);
      log.info("ready", Map.of("endpoint", made.endpoint(), "pid", made.pid()));
      return made;
    } catch (RuntimeException e) {
      closeLate(queueServer);
      closeLate(context);
      stopServing();
      throw e;
    }
  }

  private void pollers(
      Template template, QueueServer queues, FunctionHost host, InstantSource clock) {
    for (var function : template.functions()) {
      for (var mapping : function.mappings()) {
        var queue =
            template.queues().stream()
                .filter(q -> q.arn().equals(mapping.queueArn()))
                .findFirst()
                .orElseThrow();
        pollers.add(new QueuePoller(function, mapping, queue, queues.client(), host, clock, log));
      }
    }
  }

  private List<AdminRoute> admin(Status made, AttemptCredentials credentials) {
    return List.of(
        new AdminRoute("GET", "/local/status", true, rest -> Answer.json(200, made)),
        new AdminRoute("GET", "/local/credentials/", false, credentials::answer),
        new AdminRoute(
            "POST",
            "/local/down",
            false,
            rest -> {
              down.countDown();
              return Answer.json(200, Map.of("stopping", true));
            }));
  }

  private static Status status(
      Claimed claimed, Plan plan, String endpoint, BucketServer bucket, Template template) {
    var process = ProcessHandle.current();
    return new Status(
        endpoint,
        claimed.home().token().toString(),
        process.pid(),
        claimed.home().data().toString(),
        bucket.endpoint().toString(),
        template.buckets().stream().map(Template.Bucket::name).findFirst().orElse(null),
        LocalNames.REGION,
        plan.version(),
        process.info().startInstant().map(Instant::toString).orElse(null));
  }

  private static ApplicationContext context() {
    return ApplicationContext.builder()
        .deduceEnvironment(false)
        .bootstrapEnvironment(false)
        .deduceCloudEnvironment(false)
        .banner(false)
        .start();
  }

  private AutoCloseable housekeeping(SqliteStore store, InstantSource clock) {
    var thread =
        Thread.ofVirtual()
            .name("housekeeping")
            .start(() -> {
              try {
                while (true) {
                  Thread.sleep(HOUSEKEEPING);
                  store.deleteExpired(clock.instant());
                }
              } catch (InterruptedException e) {
                // The plane stops.
              } catch (RuntimeException e) {
                log.error("housekeeping", Map.of(), e);
              }
            });
    return thread::interrupt;
  }

  private static <T> CompletableFuture<T> async(String name, Supplier<T> make) {
    return CompletableFuture.supplyAsync(
        make, task -> Thread.ofPlatform().name("start-" + name).daemon().start(task));
  }

  private static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /** A part that was still starting when another one failed is closed as soon as it is there. */
  private static void closeLate(CompletableFuture<? extends AutoCloseable> future) {
    future.thenAccept(part -> {
      try {
        part.close();
      } catch (Exception e) {
        // The start has failed already, for the reason that is reported.
      }
    });
  }

  public Status status() {
    return status;
  }

  /** The local token, for a caller in this process. */
  public String token() {
    return token;
  }

  /** Waits until somebody asks the plane to go down. */
  public void await() throws InterruptedException {
    down.await();
  }

  private void stopServing() {
    if (door != null) {
      door.close();
    }
    pollers.forEach(QueuePoller::close);
    try {
      for (var poller : pollers) {
        if (!poller.drain(DRAIN)) {
          log.warn("stopping", Map.of("left", "a batch was still running after 10 s"));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops taking work, lets what is in flight end, then closes the parts. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    log.info("stopping", Map.of());
    stopServing();
    opened.close(log);
    down.countDown();
    log.info("stopped", Map.of());
  }
}
