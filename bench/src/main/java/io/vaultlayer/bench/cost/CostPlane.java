package io.vaultlayer.bench.cost;

import io.vaultlayer.bench.plane.Door;
import io.vaultlayer.bench.plane.Variables;
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
import io.vaultlayer.testkit.fake.ManualClock;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.testkit.fake.MemoryBus;
import io.vaultlayer.testkit.fake.MemoryCredentials;
import io.vaultlayer.testkit.fake.MemoryQueue;
import io.vaultlayer.testkit.fake.MemoryStore;
import io.vaultlayer.testkit.fake.SeededEntropy;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.SubmitResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The real handlers as {@code template.yaml} wires them, with a meter at every port and at every
 * door. Nothing is lost and nothing fails here: this is what a quiet day costs.
 */
final class CostPlane implements Platform {
  private static final List<String> PLACING = List.of("ProvisionRequested", "ResumeRequested");
  private static final String PROVISION = "PROVISION_QUEUE_URL";
  private static final String TICK = "TICK_QUEUE_URL";
  private static final String REAP = "REAP_QUEUE_URL";
  private static final int MOST_ROUNDS = 100_000;

  private static final Variables VARIABLES =
      Variables.of(
          "default",
          "https://abcdefghij.execute-api.us-east-1.amazonaws.com",
          Deployment.TICK_SECONDS);

  final Meter meter = new Meter();
  final ManualClock clock = new ManualClock();
  final MemoryStore rows = new MemoryStore();
  final MemoryBucket bucket = new MemoryBucket(clock);
  final Fleet fleet = new Fleet(clock, meter);
  final CountingStore store = new CountingStore(rows, meter);
  private final Bucket countingBucket = new CountingBucket(bucket, meter);
  private final MemoryBus bus = new MemoryBus();
  private final MemoryCredentials credentials = new MemoryCredentials(clock, "bucket");
  private final SeededEntropy entropy = new SeededEntropy(1);
  private final Map<String, MemoryQueue> queues = new TreeMap<>();
  private final Door door;
  private final ProvisionerHandler provisioner;
  private final WatchdogHandler watchdog;
  private final ReaperHandler reaper;
  private long seconds;

  CostPlane() {
    var control = Control.on(this, new DecisionLog(this::logged));
    door = new Door(this, control);
    provisioner = new ProvisionerHandler(this, control);
    watchdog = new WatchdogHandler(this, control);
    reaper = new ReaperHandler(this, control);
  }

  private void logged(String line) {
    meter.use(
        Line.LOG_BYTES, line.getBytes(StandardCharsets.UTF_8).length + Deployment.LOG_LINE_BYTES);
  }

  // ---- time

  /** Lets one second pass, with the schedules' messages; whatever is due is delivered. */
  void second() {
    clock.advance(Duration.ofSeconds(1));
    seconds++;
    if (seconds % 60 == 0) {
      queue(TICK).send("{\"tick\":\"minute\"}", Duration.ZERO);
      meter.use(Line.QUEUE_REQUESTS, Deployment.QUEUES * Deployment.POLLS_PER_MINUTE);
    }
    if (seconds % 300 == 0) {
      queue(REAP).send("{\"reap\":\"inventory\"}", Duration.ZERO);
    }
    deliver();
  }

  /** Delivers what is due, batch by batch, until nothing is. */
  void deliver() {
    for (int round = 0; round < MOST_ROUNDS; round++) {
      for (var event : bus.take()) {
        if (PLACING.contains(event.detailType())) {
          queue(PROVISION).send("{\"detail\":" + event.detailJson() + "}", Duration.ZERO);
        }
      }
      boolean busy = hand(PROVISION, Deployment.BATCH, Deployment.OTHER_MIB, provisioner::handle);
      busy |= hand(TICK, 1, Deployment.OTHER_MIB, watchdog::handle);
      busy |= hand(REAP, Deployment.BATCH, Deployment.SMALL_MIB, reaper::handle);
      if (!busy && bus.published().isEmpty()) {
        return;
      }
    }
    throw new IllegalStateException("messages feed each other without time passing");
  }

  /** One invocation of the watchdog, and nothing else. */
  void wake() {
    var records = List.of(Map.of("messageId", "m", "body", "{\"tick\":\"minute\"}"));
    meter.use(Line.QUEUE_REQUESTS, 2);
    meter.invocation(Deployment.OTHER_MIB, () -> watchdog.handle(Map.of("Records", records)));
  }

  private boolean hand(
      String name,
      int batch,
      int memoryMib,
      Function<Map<String, Object>, Map<String, Object>> handler) {
    var messages = inner(name).take();
    for (int from = 0; from < messages.size(); from += batch) {
      var records =
          messages.subList(from, Math.min(from + batch, messages.size())).stream()
              .map(body -> Map.of("messageId", "m", "body", body))
              .toList();
      // Receive and delete, a batch at a time.
      meter.use(Line.QUEUE_REQUESTS, 2);
      var answer = meter.invocation(memoryMib, () -> handler.apply(Map.of("Records", records)));
      if (!answer.get("batchItemFailures").equals(List.of())) {
        throw new IllegalStateException("a message failed: " + records);
      }
    }
    return !messages.isEmpty();
  }

  // ---- calls

  /** The answer's body; any status but a good one ends the bench. */
  String call(String route, Map<String, String> path, Map<String, String> headers, Object body) {
    int memory = route.contains("/attempts/") ? Deployment.SMALL_MIB : Deployment.OTHER_MIB;
    var answer = meter.invocation(memory, () -> door.handle(route, path, headers, body));
    var text = String.valueOf(answer.get("body"));
    meter.use(Line.API_REQUESTS, 1);
    meter.use(
        Line.EGRESS_BYTES, text.getBytes(StandardCharsets.UTF_8).length + Deployment.HEADER_BYTES);
    if ((int) answer.get("statusCode") >= 300) {
      throw new IllegalStateException(route + ": " + text);
    }
    return text;
  }

  /** Submits, uploads, starts and places one job; its id. */
  String submit() {
    var archive = "archive".getBytes(StandardCharsets.UTF_8);
    var request = new HashMap<String, Object>();
    request.put("command", List.of("python3", "train.py", "--epochs", "10"));
    request.put("workdir", Map.of("sha256", TokenHash.ofBytes(archive), "bytes", archive.length));
    var made = Json.parse(call("POST /v1/jobs", Map.of(), Map.of(), request), SubmitResponse.class);
    bucket.use("PUT", URI.create(made.upload().url()), archive);
    call("POST /v1/jobs/{id}/start", Map.of("id", made.job().id()), Map.of(), "");
    deliver();
    return made.job().id();
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

  private MemoryQueue inner(String name) {
    return queues.computeIfAbsent(name, n -> new MemoryQueue(clock));
  }

  @Override
  public Queue queue(String urlVariable) {
    return (body, delay) -> {
      meter.use(Line.QUEUE_REQUESTS, 1);
      meter.takes(Meter.SEND_MILLIS);
      inner(urlVariable).send(body, delay);
    };
  }

  @Override
  public Bus bus(String nameVariable) {
    return (type, detail) -> {
      meter.use(Line.BUS_EVENTS, 1);
      meter.takes(Meter.SEND_MILLIS);
      bus.publish(type, detail);
    };
  }

  @Override
  public Bucket bucket(String nameVariable) {
    return countingBucket;
  }

  @Override
  public JobCredentials credentials(String bucketVariable, String roleVariable) {
    return (job, epoch, life) -> {
      meter.takes(Meter.STS_MILLIS);
      return credentials.issue(job, epoch, life);
    };
  }

  @Override
  public List<Provider> providers() {
    return List.of(fleet);
  }

  @Override
  public InstantSource clock() {
    return clock;
  }

  @Override
  public Entropy entropy() {
    return entropy;
  }

  @Override
  public void pause(Duration time) {
    meter.takes(time.toMillis());
  }
}
