package io.vaultlayer.functions;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.functions.agentapi.AgentHandler;
import io.vaultlayer.functions.agentapi.CommitHandler;
import io.vaultlayer.functions.api.ControlHandler;
import io.vaultlayer.functions.api.QueryHandler;
import io.vaultlayer.functions.api.SubmitHandler;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes;
import io.vaultlayer.functions.provisioner.ProvisionerHandler;
import io.vaultlayer.functions.reaper.ReaperHandler;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.watchdog.WatchdogHandler;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.testkit.fake.ManualClock;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.testkit.fake.MemoryBus;
import io.vaultlayer.testkit.fake.MemoryCredentials;
import io.vaultlayer.testkit.fake.MemoryQueue;
import io.vaultlayer.testkit.fake.MemoryStore;
import io.vaultlayer.testkit.fake.SeededEntropy;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import io.vaultlayer.wire.StatusDocument;
import io.vaultlayer.wire.SubmitResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The real handlers on in-memory ports, wired as the template wires them; time moves only when told
 * to.
 */
final class World implements Platform {
  static final Map<String, String> VARIABLES =
      Map.ofEntries(
          Map.entry("LEASES_TABLE", "leases"),
          Map.entry("ENDED_TABLE", "ended"),
          Map.entry("JOBS_TABLE", "jobs"),
          Map.entry("INSTANCES_TABLE", "instances"),
          Map.entry("OWNER", "test"),
          Map.entry("ENDPOINT", "http://plane"),
          Map.entry("BUCKET", "bucket"),
          Map.entry("TICK_SECONDS", "2"),
          Map.entry("BEAT_SECONDS", "0"),
          Map.entry("PARK_SECONDS", "0"));

  final ManualClock clock = new ManualClock();
  final MemoryStore store = new MemoryStore();
  final MemoryBus bus = new MemoryBus();
  final MemoryBucket bucket = new MemoryBucket(clock);
  final MemoryCredentials credentials = new MemoryCredentials(clock, "bucket");
  final FakeProvider provider = new FakeProvider(clock);
  final List<String> log = new ArrayList<>();
  final List<String> announced = new ArrayList<>();
  private final Map<String, MemoryQueue> queues = new HashMap<>();
  private final SeededEntropy entropy = new SeededEntropy(7);
  private final Routes routes;
  private final ProvisionerHandler provisioner;
  private final WatchdogHandler watchdog;
  private final ReaperHandler reaper;
  final Control control;
  boolean busLosesEverything;
  Runnable beforeClock = () -> {};

  /** Sees the rows before they are written; when it throws, nothing was. */
  Consumer<List<Write>> beforeWrite = rows -> {};

  /** Sees the rows that were written; when it throws, the answer is lost. */
  Consumer<List<Write>> afterWrite = rows -> {};

  Runnable whilePausing = () -> {};
  private Consumer<MemoryBus.Published> busWatcher = event -> {};
  private Duration sinceMinute = Duration.ZERO;

  World() {
    control = Control.on(this, new DecisionLog(log::add));
    var all = new HashMap<String, Function<HttpRequest, Routes.Answer>>();
    all.putAll(new SubmitHandler(this, control).routes());
    all.putAll(new QueryHandler(this, control).routes());
    all.putAll(new ControlHandler(this, control).routes());
    all.putAll(new AgentHandler(this, control).routes());
    all.putAll(new CommitHandler(this, control).routes());
    routes = new Routes(all, control.log());
    provisioner = new ProvisionerHandler(this, control);
    watchdog = new WatchdogHandler(this, control);
    reaper = new ReaperHandler(this, control);
  }

  /** Shows every event that is published from now on. */
  void watchBus(Consumer<MemoryBus.Published> watcher) {
    busWatcher = watcher;
  }

  // ---- time and delivery

  /** Lets time pass in half seconds, delivering whatever is due. */
  void pass(Duration time) {
    for (long left = time.toMillis(); left > 0; left -= 500) {
      clock.advance(Duration.ofMillis(500));
      sinceMinute = sinceMinute.plusMillis(500);
      if (sinceMinute.compareTo(Duration.ofMinutes(1)) >= 0) {
        sinceMinute = Duration.ZERO;
        queue("TICK_QUEUE_URL").send("{\"tick\":\"minute\"}", Duration.ZERO);
      }
      deliver();
    }
  }

  void deliver() {
    for (int round = 0; round < 20; round++) {
      for (var event : bus.take()) {
        announced.add(event.detailType());
        busWatcher.accept(event);
        if (!busLosesEverything
            && List.of("ProvisionRequested", "ResumeRequested").contains(event.detailType())) {
          queue("PROVISION").send("{\"detail\":" + event.detailJson() + "}", Duration.ZERO);
        }
      }
      boolean quiet = !hand("PROVISION", provisioner::handle);
      quiet &= !hand("TICK_QUEUE_URL", watchdog::handle);
      quiet &= !hand("REAP_QUEUE_URL", reaper::handle);
      if (quiet && bus.published().isEmpty()) {
        return;
      }
    }
    throw new AssertionError(
        "the world does not come to rest: events feed each other without time passing");
  }

  private boolean hand(String queue, Function<Map<String, Object>, Map<String, Object>> handler) {
    var messages = ((MemoryQueue) queue(queue)).take();
    for (var body : messages) {
      var failures =
          handler.apply(Map.of("Records", List.of(Map.of("messageId", "m", "body", body))));
      if (!failures.get("batchItemFailures").equals(List.of())) {
        throw new AssertionError("a message failed: " + body + "\n" + String.join("\n", log));
      }
    }
    return !messages.isEmpty();
  }

  // ---- calls

  record Reply(int status, String body) {
    <T> T as(Class<T> type) {
      if (status >= 300) {
        throw new AssertionError(status + " " + body);
      }
      return Json.parse(body, type);
    }

    String code() {
      return Json.tree(body).path("code").asText();
    }
  }

  Reply call(String route, Map<String, String> path, Map<String, String> headers, Object body) {
    return call(route, path, Map.of(), headers, body);
  }

  Reply call(
      String route,
      Map<String, String> path,
      Map<String, String> query,
      Map<String, String> headers,
      Object body) {
    var event = new HashMap<String, Object>();
    event.put("routeKey", route);
    event.put("pathParameters", path);
    event.put("queryStringParameters", query);
    event.put("headers", headers);
    event.put("body", body instanceof String text ? text : Json.render(body));
    var answer = routes.handle(event);
    return new Reply((int) answer.get("statusCode"), String.valueOf(answer.get("body")));
  }

  Reply agent(String job, int epoch, String verb, String token, Object body) {
    return call(
        "POST /v1/attempts/{job}/{epoch}/" + verb,
        Map.of("job", job, "epoch", Integer.toString(epoch)),
        Map.of("authorization", "Bearer " + token),
        body);
  }

  StatusDocument status(String job) {
    return call("GET /v1/jobs/{id}", Map.of("id", job), Map.of(), "").as(StatusDocument.class);
  }

  Lease lease(String job) {
    return control.leases().load(new JobId(job)).orElseThrow();
  }

  /** Submits, uploads, starts; the job's id. */
  String submit(Map<String, Object> extra) {
    var archive = "archive".getBytes(StandardCharsets.UTF_8);
    var request = new HashMap<String, Object>(extra);
    request.putIfAbsent("command", List.of("python3", "train.py"));
    request.put("workdir", Map.of("sha256", TokenHash.ofBytes(archive), "bytes", archive.length));
    var made = call("POST /v1/jobs", Map.of(), Map.of(), request).as(SubmitResponse.class);
    bucket.use("PUT", URI.create(made.upload().url()), archive);
    call("POST /v1/jobs/{id}/start", Map.of("id", made.job().id()), Map.of(), "")
        .as(StatusDocument.class);
    deliver();
    return made.job().id();
  }

  /** Puts a checkpoint into the bucket as an agent does; the body of its commit. */
  Map<String, Object> checkpoint(String job, int epoch, long step, String content) {
    var bytes = content.getBytes(StandardCharsets.UTF_8);
    var key = BucketLayout.checkpoint(job, epoch, step) + "weights.bin";
    bucket.put(key, bytes);
    var file =
        new Manifest.File(
            "checkpoint-" + step + "/weights.bin",
            key,
            bytes.length,
            TokenHash.ofBytes(bytes),
            "00000000");
    var manifest =
        Json.render(
                new Manifest(
                    job,
                    epoch,
                    step,
                    clock.instant().toString(),
                    "unknown",
                    List.of(file),
                    Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    var manifestKey = BucketLayout.checkpointManifest(job, epoch, step);
    bucket.put(manifestKey, manifest);
    return Map.of(
        "step",
        step,
        "manifestKey",
        manifestKey,
        "manifestSha256",
        TokenHash.ofBytes(manifest),
        "bytes",
        bytes.length,
        "files",
        1);
  }

  // ---- the platform

  @Override
  public String variable(String name) {
    return Optional.ofNullable(VARIABLES.get(name)).orElseThrow(() -> new MissingVariable(name));
  }

  @Override
  public Store store() {
    return new Store() {
      @Override
      public Optional<Item> get(String table, Key key) {
        return store.get(table, key);
      }

      @Override
      public WriteResult write(List<Write> writes) {
        beforeWrite.accept(writes);
        var result = store.write(writes);
        if (result instanceof WriteResult.Applied) {
          afterWrite.accept(writes);
        }
        return result;
      }

      @Override
      public Page query(
          String table,
          String partition,
          String sortPrefix,
          boolean descending,
          int limit,
          Optional<String> from) {
        return store.query(table, partition, sortPrefix, descending, limit, from);
      }

      @Override
      public Page due(
          String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
        return store.due(table, duePartition, notAfter, limit, from);
      }

      @Override
      public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
        return store.scan(table, segment, segments, limit, from);
      }
    };
  }

  @Override
  public Queue queue(String urlVariable) {
    return queues.computeIfAbsent(urlVariable, name -> new MemoryQueue(clock));
  }

  @Override
  public Bus bus(String nameVariable) {
    return bus;
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
    return List.of(provider);
  }

  @Override
  public InstantSource clock() {
    beforeClock.run();
    return clock;
  }

  @Override
  public Entropy entropy() {
    return entropy;
  }

  @Override
  public void pause(Duration time) {
    whilePausing.run();
  }
}
