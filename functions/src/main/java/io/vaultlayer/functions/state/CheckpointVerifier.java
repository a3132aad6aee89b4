package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import io.vaultlayer.wire.ManifestRules;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** The control plane's own look at a checkpoint in the bucket. */
public final class CheckpointVerifier {
  /** Objects listed for one checkpoint, over all the prefixes that it names. */
  private static final int MOST_LISTED = 4 * Manifest.MOST_FILES;

  private final Bucket bucket;

  public CheckpointVerifier(Bucket bucket) {
    this.bucket = bucket;
  }

  /** A manifest that is as it was told, or what is wrong with it. */
  public sealed interface Look {
    record Whole(Manifest manifest, long bytes) implements Look {}

    record Damaged(String problem) implements Look {}
  }

  /** Compares the manifest's digest, and every name and size against a listing. */
  public Look look(JobId job, String manifestKey, String manifestSha256) {
    var body = bucket.read(manifestKey, Manifest.MOST_BYTES);
    if (body.isEmpty()) {
      return new Look.Damaged("the manifest " + manifestKey + " is missing");
    }
    if (!TokenHash.ofBytes(body.get()).equals(manifestSha256)) {
      return new Look.Damaged("the manifest " + manifestKey + " has another digest");
    }
    Manifest manifest;
    try {
      manifest = Json.parse(new String(body.get(), StandardCharsets.UTF_8), Manifest.class);
    } catch (Json.MalformedJson e) {
      return new Look.Damaged("the manifest " + manifestKey + " is no manifest");
    }
    return compare(job, manifest);
  }

  private Look compare(JobId job, Manifest manifest) {
    var problem = ManifestRules.problem(job.value(), manifest);
    if (problem.isPresent()) {
      return new Look.Damaged(problem.get());
    }
    var root = BucketLayout.job(job.value()) + "checkpoints/";
    var prefixes = new TreeSet<String>();
    manifest.files().forEach(file -> prefixes.add(prefix(file.key(), root)));
    var sizes = sizes(prefixes);
    long bytes = 0;
    for (var file : manifest.files()) {
      var size = sizes.get(file.key());
      if (size == null) {
        return new Look.Damaged(file.path() + " is missing");
      }
      if (size != file.bytes()) {
        return new Look.Damaged(file.path() + " has " + size + " bytes instead of " + file.bytes());
      }
      bytes += file.bytes();
    }
    return new Look.Whole(manifest, bytes);
  }

  /** {@code .../checkpoints/e<epoch>/step-<step>/} of a key. */
  private static String prefix(String key, String root) {
    int epochEnd = key.indexOf('/', root.length());
    int stepEnd = epochEnd < 0 ? -1 : key.indexOf('/', epochEnd + 1);
    return stepEnd < 0 ? key : key.substring(0, stepEnd + 1);
  }

  private Map<String, Long> sizes(TreeSet<String> prefixes) {
    var sizes = new HashMap<String, Long>();
    for (var prefix : prefixes) {
      Optional<String> after = Optional.empty();
      do {
        var page = bucket.list(prefix, after, Bucket.MOST_KEYS);
        page.objects().forEach(o -> sizes.put(o.key(), o.bytes()));
        after = page.next();
      } while (after.isPresent() && sizes.size() < MOST_LISTED);
    }
    return sizes;
  }

  /** Looks for damage that only reading shows; empty when every digest is as told. */
  public Optional<String> damage(JobId job, Pointer pointer) {
    return switch (look(job, pointer.manifestKey(), pointer.manifestSha256())) {
      case Look.Damaged damaged -> Optional.of(damaged.problem());
      case Look.Whole whole ->
          whole.manifest().files().stream()
              .filter(f -> !bucket.sha256(f.key()).equals(Optional.of(f.sha256())))
              .findFirst()
              .map(f -> f.path() + " has another digest");
    };
  }
}
