package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Manifest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The files of the newest committed checkpoint: what equals one of them need not be sent. */
final class Known {
  static final Known NOTHING = new Known(Map.of(), Set.of());

  private final Map<String, Manifest.File> byDigest;
  private final Set<Long> sizes;

  private Known(Map<String, Manifest.File> byDigest, Set<Long> sizes) {
    this.byDigest = byDigest;
    this.sizes = sizes;
  }

  static Known of(Manifest manifest) {
    var files = new HashMap<String, Manifest.File>();
    var sizes = new HashSet<Long>();
    for (Manifest.File file : manifest.files()) {
      files.putIfAbsent(file.sha256(), file);
      sizes.add(file.bytes());
    }
    return new Known(files, sizes);
  }

  /** Whether a file of this size is worth a digest before it is sent. */
  boolean hasSize(long bytes) {
    return sizes.contains(bytes);
  }

  Optional<Manifest.File> find(String sha256, long bytes) {
    return Optional.ofNullable(byDigest.get(sha256)).filter(file -> file.bytes() == bytes);
  }
}
