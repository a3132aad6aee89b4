package io.vaultlayer.bench.plane;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Puts a whole checkpoint into the bucket, as an agent does before it commits. */
public final class Checkpoint {
  private Checkpoint() {}

  /** The body of its commit. */
  public static Map<String, Object> put(
      MemoryBucket bucket, String job, int epoch, long step, String createdAt) {
    var weights = ("weights of " + step).getBytes(StandardCharsets.UTF_8);
    var key = BucketLayout.checkpoint(job, epoch, step) + "weights.bin";
    bucket.put(key, weights);
    var file =
        new Manifest.File(
            "weights.bin", key, weights.length, TokenHash.ofBytes(weights), "00000000");
    var manifest =
        Json.render(new Manifest(job, epoch, step, createdAt, "unknown", List.of(file), Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    var manifestKey = BucketLayout.checkpointManifest(job, epoch, step);
    bucket.put(manifestKey, manifest);
    return Map.ofEntries(
        Map.entry("step", step),
        Map.entry("manifestKey", manifestKey),
        Map.entry("manifestSha256", TokenHash.ofBytes(manifest)),
        Map.entry("bytes", weights.length),
        Map.entry("files", 1));
  }
}
