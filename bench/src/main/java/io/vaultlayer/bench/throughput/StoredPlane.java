package io.vaultlayer.bench.throughput;

import io.vaultlayer.bench.plane.Door;
import io.vaultlayer.bench.plane.Variables;
import io.vaultlayer.core.job.JobId;
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
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.testkit.fake.MemoryCredentials;
import io.vaultlayer.testkit.fake.SeededEntropy;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.SubmitResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/**
 * The handlers of a training's life on a given store and the machine's clock. The bucket is in
 * memory: what is measured is the store. Hints are dropped, so that nothing else writes.
 */
final class StoredPlane implements Platform {
  private static final Variables VARIABLES = Variables.of("bench", "http://plane", 10);

  private final Store store;
  private final InstantSource clock = InstantSource.system();
  final MemoryBucket bucket = new MemoryBucket(clock);
  private final MemoryCredentials credentials = new MemoryCredentials(clock, "bucket");
  private final FakeProvider provider = new FakeProvider(clock);
  private final SeededEntropy entropy = new SeededEntropy(1);
  private final Door door;
  private final ProvisionerHandler provisioner;

  StoredPlane(Store store) {
    this.store = store;
    var control = Control.on(this, new DecisionLog(line -> {}));
    door = new Door(this, control);
    provisioner = new ProvisionerHandler(this, control);
  }

  /** A job that was submitted, placed and registered. */
  record Running(String job, String token) {}

  Running run() {
    var archive = "archive".getBytes(StandardCharsets.UTF_8);
    var request =
        Map.of(
            "command",
            List.of("python3", "train.py"),
            "workdir",
            Map.of("sha256", TokenHash.ofBytes(archive), "bytes", archive.length));
    var made = Json.parse(call("POST /v1/jobs", Map.of(), "", request), SubmitResponse.class);
    var job = made.job().id();
    bucket.use("PUT", URI.create(made.upload().url()), archive);
    call("POST /v1/jobs/{id}/start", Map.of("id", job), "", "");
    provisioner.place(new JobId(job));
    var launch = Json.parse(provider.launches().getLast().bootstrap(), AttemptApi.Bootstrap.class);
    if (!launch.job().equals(job)) {
      throw new IllegalStateException(job + " was not placed");
    }
    var token = "vla_" + launch.label();
    agent(
        job,
        "register",
        token,
        Map.of(
            "launch",
            launch.launch(),
            "bootstrapToken",
            launch.bootstrapToken(),
            "instanceId",
            "i-" + launch.label(),
            "machineId",
            "m-1",
            "agentVersion",
            "bench"));
    return new Running(job, token);
  }

  void agent(String job, String verb, String token, Object body) {
    call("POST /v1/attempts/{job}/{epoch}/" + verb, Map.of("job", job, "epoch", "1"), token, body);
  }

  private String call(String route, Map<String, String> path, String token, Object body) {
    var headers =
        token.isEmpty() ? Map.<String, String>of() : Map.of("authorization", "Bearer " + token);
    var answer = door.handle(route, path, headers, body);
    if ((int) answer.get("statusCode") >= 300) {
      throw new IllegalStateException(route + ": " + answer);
    }
    return String.valueOf(answer.get("body"));
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

  @Override
  public Queue queue(String urlVariable) {
    return (body, delay) -> {};
  }

  @Override
  public Bus bus(String nameVariable) {
    return (type, detail) -> {};
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
    return clock;
  }

  @Override
  public Entropy entropy() {
    return entropy;
  }

  @Override
  public void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
