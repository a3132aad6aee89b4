package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import io.vaultlayer.wire.ManifestRules;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Objects of other checkpoints that a manifest names. Only those count that one of the two newest
 * commits names: then an object that no kept manifest names will never be named again, and may be
 * deleted without asking anybody.
 */
public final class Shared {
  private Shared() {}

  /** True when every file lies under the manifest's own prefix. */
  public static boolean isNothing(Manifest manifest) {
    return foreign(manifest).isEmpty();
  }

  /**
   * What is wrong with what it shares; empty when nothing is.
   *
   * @param lease whose pointer the commit must still find
   */
  public static Optional<String> problem(Bucket bucket, Lease lease, Manifest manifest) {
    var foreign = foreign(manifest);
    var newest = new java.util.ArrayList<Pointer>();
    lease.pointer().ifPresent(newest::add);
    lease.earlier().stream().findFirst().ifPresent(newest::add);
    for (var pointer : newest) {
      if (!foreign.isEmpty()) {
        var named = keys(bucket, pointer);
        if (named.isEmpty()) {
          // What it named nobody can tell. Nothing is deleted while the lease names it, and the new
          // manifest names for itself what was looked at a moment ago.
          return Optional.empty();
        }
        foreign.removeAll(named.get());
      }
    }
    return foreign.stream()
        .sorted()
        .findFirst()
        .map(key -> key + " is named by neither of the two newest checkpoints");
  }

  private static Set<String> foreign(Manifest manifest) {
    var own = BucketLayout.checkpoint(manifest.job(), manifest.epoch(), manifest.step());
    var foreign = new HashSet<String>();
    manifest.files().stream()
        .map(Manifest.File::key)
        .filter(key -> !key.startsWith(own))
        .forEach(foreign::add);
    return foreign;
  }

  /** The keys that a commit's manifest names; empty when it is lost or damaged. */
  public static Optional<Set<String>> keys(Bucket bucket, Pointer pointer) {
    try {
      return bucket
          .read(pointer.manifestKey(), Manifest.MOST_BYTES)
          .filter(body -> TokenHash.ofBytes(body).equals(pointer.manifestSha256()))
          .map(Shared::keys);
    } catch (Json.MalformedJson | IllegalStateException e) {
      return Optional.empty();
    }
  }

  /**
   * The keys under the job's checkpoints that a manifest names; none where it is not there. Where a
   * bucket can be written over, it may have become another one since it was committed, so nothing
   * else that it names is believed: what is deleted hangs on this.
   *
   * @throws Json.MalformedJson when it is no manifest
   */
  public static Set<String> keys(Bucket bucket, JobId job, String manifestKey) {
    return bucket.read(manifestKey, Manifest.MOST_BYTES).map(Shared::keys).orElse(Set.of()).stream()
        .filter(key -> ManifestRules.isOwn(job.value(), key))
        .collect(Collectors.toSet());
  }

  private static Set<String> keys(byte[] manifest) {
    var files = Json.parse(new String(manifest, StandardCharsets.UTF_8), Manifest.class).files();
    return files == null
        ? Set.of()
        : files.stream()
            .filter(file -> file != null && file.key() != null)
            .map(Manifest.File::key)
            .collect(Collectors.toSet());
  }
}
