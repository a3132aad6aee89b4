package io.vaultlayer.functions.state;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

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
        foreign.removeAll(keys(bucket, pointer.manifestKey()));
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

  /**
   * The keys that a manifest names; none where it is not there.
   *
   * @throws Json.MalformedJson when it is no manifest
   */
  public static Set<String> keys(Bucket bucket, String manifestKey) {
    var keys = new HashSet<String>();
    bucket
        .read(manifestKey, Manifest.MOST_BYTES)
        .map(body -> Json.parse(new String(body, StandardCharsets.UTF_8), Manifest.class))
        .map(Manifest::files)
        .ifPresent(files -> files.forEach(file -> keys.add(file.key())));
    return keys;
  }
}
