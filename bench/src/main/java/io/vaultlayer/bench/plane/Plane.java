package io.vaultlayer.bench.plane;

import io.vaultlayer.bench.sim.Engine;
import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.provisioner.ProvisionerHandler;
import io.vaultlayer.functions.reaper.ReaperHandler;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.watchdog.WatchdogHandler;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.testkit.fake.MemoryCredentials;
import io.vaultlayer.testkit.fake.MemoryStore;
import io.vaultlayer.testkit.fake.SeededEntropy;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.SubmitResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * A control plane as {@code template.yaml} wires it: functions behind queues, one schedule of a
 * minute, ticks through a delayed message, every hop with its latency. What it leaves out: queues
 * deliver each message once and in time; the simulation is where they do not.
 */
public final class Plane implements Platform {
  /** As the template's ReservedConcurrentExecutions of the watchdog. */
  private static final int MOST_TICKS_AT_ONCE = 2;

  /** As the template's VisibilityTimeout; a failed message comes back after it. */
  private static final long VISIBILITY_MILLIS = 180_000;

  private static final Variables VARIABLES = Variables.of("bench", "http://plane", 10);

  public final Engine engine = new Engine();
  public final MemoryBucket bucket = new MemoryBucket(engine::instant);
  public final Control control;
  private final MemoryStore rows = new MemoryStore();
  private final Store store;
  private final MemoryCredentials credentials = new MemoryCredentials(engine::instant, "bucket");
  private final SeededEntropy entropy;
  private final Latency latency;
  private final Functions functions;
  private final List<Provider> providers = new ArrayList<>();
  private final Door door;
  private final DecisionLog log;
  private final BiFunction<Lease, JobEvent, Decision> decide;
  private final Deque<Environment> idle = new ArrayDeque<>();
  private final List<Consumer<Announced>> listeners = new ArrayList<>();
  private int ticking;
  private boolean down;
  private boolean ingressDown;

  /**
   * What one invocation at a time runs in, as on Lambda: an invocation that waits keeps its own,
   * and the next one gets another.
   */
  private final class Environment {
    private final Control own = Control.on(Plane.this, log, decide);
    private final ProvisionerHandler provisioner = new ProvisionerHandler(Plane.this, own);
    private final WatchdogHandler watchdog = new WatchdogHandler(Plane.this, own);
    private final ReaperHandler reaper = new ReaperHandler(Plane.this, own);

    private Map<String, Object> handle(String queue, Map<String, Object> event) {
      return switch (queue) {
        case "TICK_QUEUE_URL" -> watchdog.handle(event);
        case "REAP_QUEUE_URL" -> reaper.handle(event);
        case "PROVISION" -> provisioner.handle(event);
        default -> throw new IllegalArgumentException("no function reads " + queue);
      };
    }
  }

  /** An event as it was published: its type, the job, and the job's epoch after it. */
  public record Announced(String type, String job, int epoch) {}

  /** Status and body of an HTTP answer. */
  public record Reply(int status, String body) {}

  /**
   * @param log receives the decision log, line by line
   */
  public Plane(long seed, Consumer<String> log) {
    this(seed, log, JobMachine::decide);
  }

  /** With another way to decide, such as one that keeps what it was asked. */
  public Plane(long seed, Consumer<String> log, BiFunction<Lease, JobEvent, Decision> decide) {
    entropy = new SeededEntropy(seed);
    latency = new Latency(seed);
    functions = new Functions(engine);
    store = new SlowStore(rows, () -> functions.sleep(latency.store()));
    this.log = new DecisionLog(log);
    this.decide = decide;
    control = Control.on(this, this.log, decide);
    door = new Door(this, control);
    everyMinute(1, () -> send("TICK_QUEUE_URL", "{\"tick\":\"minute\"}", 0));
    everyMinute(5, () -> send("REAP_QUEUE_URL", "{\"reap\":\"inventory\"}", 0));
  }

  public void add(Provider provider) {
    providers.add(provider);
  }

  public void listen(Consumer<Announced> listener) {
    listeners.add(listener);
  }

  /** Lets the world run until this time in milliseconds. */
  public void runUntil(long millis) {
    while (engine.step(millis)) {
      // each step is one event
    }
  }

  /** Every row of a table; for counting at the end. */
  public MemoryStore rows() {
    return rows;
  }

  /** While the ingress is down no call of an agent arrives; everything else works. */
  public void ingressDown(boolean isDown) {
    ingressDown = isDown;
  }

  /** While the plane is down nothing of it runs: no call arrives, no message is handled. */
  public void down(boolean isDown) {
    down = isDown;
  }

  public boolean reachable() {
    return !down && !ingressDown;
  }

  /** The step of the job's newest committed checkpoint; 0 without one. */
  public long committedStep(String job) {
    return control
        .leases()
        .load(new JobId(job))
        .flatMap(Lease::pointer)
        .map(Pointer::step)
        .orElse(0L);
  }

  // ---- the outside calls

  /** A call that arrives now; empty when the plane cannot be reached. */
  public Optional<Reply> call(
      String route, Map<String, String> path, Map<String, String> headers, Object body) {
    if (!reachable()) {
      return Optional.empty();
    }
    var answer = door.handle(route, path, headers, body);
    return Optional.of(
        new Reply((int) answer.get("statusCode"), String.valueOf(answer.get("body"))));
  }

  /** A call of an agent, one way of the network later; {@code answered} gets what call gives. */
  public void agent(
      String job,
      int epoch,
      String verb,
      String token,
      Object body,
      Consumer<Optional<Reply>> answered) {
    engine.after(
        latency.ingress(),
        () ->
            answered.accept(
                call(
                    "POST /v1/attempts/{job}/{epoch}/" + verb,
                    Map.of("job", job, "epoch", Integer.toString(epoch)),
                    Map.of("authorization", "Bearer " + token),
                    body)));
  }

  /** Submits, uploads and starts a job; its id. */
  public String submit(Map<String, Object> extra) {
    var archive = "archive".getBytes(StandardCharsets.UTF_8);
    var request = new HashMap<String, Object>(extra);
    request.putIfAbsent("command", List.of("python3", "train.py"));
    request.put("workdir", Map.of("sha256", TokenHash.ofBytes(archive), "bytes", archive.length));
    var made =
        Json.parse(must(call("POST /v1/jobs", Map.of(), Map.of(), request)), SubmitResponse.class);
    bucket.use("PUT", URI.create(made.upload().url()), archive);
    must(call("POST /v1/jobs/{id}/start", Map.of("id", made.job().id()), Map.of(), ""));
    return made.job().id();
  }

  public static String must(Optional<Reply> reply) {
    return reply
        .filter(r -> r.status() < 300)
        .map(Reply::body)
        .orElseThrow(() -> new IllegalStateException("refused: " + reply));
  }

  // ---- queues, schedules, bus

  private void everyMinute(int minutes, Runnable work) {
    engine.after(
        minutes * 60_000L,
        () -> {
          engine.after(latency.schedule(), work);
          everyMinute(minutes, work);
        });
  }

  private void send(String queue, String body, long delayMillis) {
    engine.after(delayMillis + latency.hop(), () -> deliver(queue, body));
  }

  private void deliver(String queue, String body) {
    boolean tick = queue.equals("TICK_QUEUE_URL");
    if (down || tick && ticking >= MOST_TICKS_AT_ONCE) {
      engine.after(1000, () -> deliver(queue, body));
      return;
    }
    ticking += tick ? 1 : 0;
    engine.after(
        latency.start(),
        () ->
            functions.invoke(
                () -> handle(queue, body),
                () -> {
                  ticking -= tick ? 1 : 0;
                }));
  }

  private void handle(String queue, String body) {
    var event = Map.<String, Object>of("Records", List.of(Map.of("messageId", "m", "body", body)));
    var environment = Optional.ofNullable(idle.poll()).orElseGet(Environment::new);
    var answer = environment.handle(queue, event);
    idle.push(environment);
    if (!answer.get("batchItemFailures").equals(List.of())) {
      engine.after(VISIBILITY_MILLIS, () -> deliver(queue, body));
    }
  }

  private void publish(String type, String json) {
    var detail = Json.tree(json);
    if (type.equals("ProvisionRequested") || type.equals("ResumeRequested")) {
      engine.after(latency.hop(), () -> send("PROVISION", "{\"detail\":" + json + "}", 0));
    }
    var announced = new Announced(type, detail.path("job").asText(), detail.path("epoch").asInt());
    listeners.forEach(l -> l.accept(announced));
  }

  // ---- the platform

  @Override
  public String variable(String name) {
    return VARIABLES.get(name);
  }

  @Override
  public Store store() {
    return store;
  }

  /**
   * Wakes of the watchdog are lost here: they are hints, they come with every launch, and a bench
   * that launches all the time would otherwise tick more often than a quiet plane does.
   */
  @Override
  public Queue queue(String urlVariable) {
    return (body, delay) -> {
      if (!body.contains("\"wake\"")) {
        send(urlVariable, body, delay.toMillis());
      }
    };
  }

  @Override
  public Bus bus(String nameVariable) {
    return this::publish;
  }

  @Override
  public Bucket bucket(String nameVariable) {
    return bucket;
  }

  @Override
  public JobCredentials credentials(String bucketVariable, String roleVariable) {
    return credentials;
  }

  @Override
  public List<Provider> providers() {
    return providers;
  }

  @Override
  public InstantSource clock() {
    return engine::instant;
  }

  @Override
  public Entropy entropy() {
    return entropy;
  }

  /** Each piece is a strand of its own; whoever is not done by the limit is not waited for. */
  @Override
  public <T> List<Optional<T>> parallel(List<Callable<T>> work, Duration limit) {
    return functions.parallel(work, limit.toMillis());
  }

  @Override
  public void pause(Duration time) {
    functions.sleep(time.toMillis());
  }

  /** For parts of the world that are slow themselves, such as a provider. */
  public void takes(long millis) {
    functions.sleep(millis);
  }
}
