package io.vaultlayer.bench.cost;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An agent's side of an attempt. Its own requests to the bucket are the user's and are not counted.
 */
final class Attempt {
  private final CostPlane plane;
  private final AttemptApi.Bootstrap bootstrap;
  private final String token;
  private long beat;
  private long step;

  Attempt(CostPlane plane, String bootstrap) {
    this.plane = plane;
    this.bootstrap = Json.parse(bootstrap, AttemptApi.Bootstrap.class);
    this.token = "vla_" + this.bootstrap.label();
    this.step = 100_000L * this.bootstrap.epoch();
  }

  String label() {
    return bootstrap.label();
  }

  void register() {
    var own = plane.fleet.seen(label());
    tell(
        "register",
        Map.of(
            "launch", bootstrap.launch(),
            "bootstrapToken", bootstrap.bootstrapToken(),
            "instanceId", own.instanceId(),
            "machineId", own.machineId(),
            "agentVersion", "bench"));
  }

  /** A beat with everything in it that a training tells. */
  void beat() {
    step += 20;
    var body = new HashMap<String, Object>();
    body.put("beat", ++beat);
    body.put("phase", "running");
    body.put("step", step);
    body.put("firstStep", 100_000L * bootstrap.epoch() + 1);
    body.put("loss", 2.0 / Math.log(step));
    body.put("stepsPerSecond", 2.0 + 1.0 / step);
    tell("heartbeat", body);
  }

  /** A checkpoint of four files. */
  void commit() {
    var job = bootstrap.job();
    int epoch = bootstrap.epoch();
    var files =
        List.of("model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json").stream()
            .map(this::file)
            .toList();
    var manifest =
        Json.render(
                new Manifest(
                    job,
                    epoch,
                    step,
                    plane.clock.instant().toString(),
                    "transformers",
                    files,
                    Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    var key = BucketLayout.checkpointManifest(job, epoch, step);
    plane.bucket.put(key, manifest);
    tell(
        "commit",
        Map.of(
            "step",
            step,
            "manifestKey",
            key,
            "manifestSha256",
            TokenHash.ofBytes(manifest),
            "bytes",
            files.stream().mapToLong(Manifest.File::bytes).sum(),
            "files",
            files.size()));
  }

  private Manifest.File file(String name) {
    var bytes = (name + step).getBytes(StandardCharsets.UTF_8);
    var key = BucketLayout.checkpoint(bootstrap.job(), bootstrap.epoch(), step) + name;
    plane.bucket.put(key, bytes);
    return new Manifest.File(
        "checkpoint-" + step + "/" + name, key, bytes.length, TokenHash.ofBytes(bytes), "00000000");
  }

  /** Asks for new credentials of the bucket, as an agent does before the old ones end. */
  void credentials() {
    tell("credentials", "{}");
  }

  void succeed() {
    var key = BucketLayout.outputsManifest(bootstrap.job(), bootstrap.epoch());
    var manifest =
        Json.render(
                new Manifest(
                    bootstrap.job(),
                    bootstrap.epoch(),
                    null,
                    "now",
                    "outputs",
                    List.of(),
                    Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    plane.bucket.put(key, manifest);
    tell(
        "exit",
        Map.of(
            "outcome",
            "succeeded",
            "exitCode",
            0,
            "outputsManifestKey",
            key,
            "outputsManifestSha256",
            TokenHash.ofBytes(manifest)));
  }

  private void tell(String verb, Object body) {
    plane.call(
        "POST /v1/attempts/{job}/{epoch}/" + verb,
        Map.of("job", bootstrap.job(), "epoch", Integer.toString(bootstrap.epoch())),
        Map.of("authorization", "Bearer " + token),
        body);
  }
}
