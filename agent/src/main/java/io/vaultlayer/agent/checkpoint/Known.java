package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Manifest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What need not be sent: what equals a file of the newest committed checkpoint, and what an agent
 * before us has stored of this very one.
 */
final class Known {
  static final Known NOTHING = new Known(Map.of(), Set.of(), Map.of(), Map.of());

  /**
   * A large file part by part.
   *
   * @param key of its object
   * @param partBytes of every part but the last
   */
  record Parts(String key, long bytes, long partBytes, List<Digest.Part> parts) {}

  private final Map<String, Manifest.File> byDigest;
  private final Set<Long> sizes;
  private final Map<String, Parts> parts;
  private final Map<String, Manifest.File> stored;

  private Known(
      Map<String, Manifest.File> byDigest,
      Set<Long> sizes,
      Map<String, Parts> parts,
      Map<String, Manifest.File> stored) {
    this.byDigest = byDigest;
    this.sizes = sizes;
    this.parts = parts;
    this.stored = stored;
  }

  static Known of(Manifest manifest) {
    return of(manifest, Map.of());
  }

  /**
   * @param parts of its large files, by the name that they have below their checkpoint
   */
  static Known of(Manifest manifest, Map<String, Parts> parts) {
    var files = new HashMap<String, Manifest.File>();
    var sizes = new HashSet<Long>();
    for (Manifest.File file : manifest.files()) {
      files.putIfAbsent(file.sha256(), file);
      sizes.add(file.bytes());
    }
    return new Known(files, sizes, Map.copyOf(parts), Map.of());
  }

  /**
   * @param stored files of the checkpoint that is sent now, by path; an agent before us stored them
   */
  Known and(Map<String, Manifest.File> stored) {
    return stored.isEmpty() ? this : new Known(byDigest, sizes, parts, Map.copyOf(stored));
  }

  /** Whether a file is worth a digest before it is sent. */
  boolean mayHave(String path, long bytes) {
    return stored.containsKey(path) || sizes.contains(bytes);
  }

  Optional<Manifest.File> find(String path, String sha256, long bytes) {
    return Optional.ofNullable(stored.get(path))
        .filter(file -> file.sha256().equals(sha256))
        .or(() -> Optional.ofNullable(byDigest.get(sha256)))
        .filter(file -> file.bytes() == bytes);
  }

  /** What a file may have parts in common with: its namesake, or the only one of its size. */
  Optional<Parts> parts(String name, long bytes) {
    Parts namesake = parts.get(name);
    if (namesake != null) {
      return Optional.of(namesake);
    }
    List<Parts> same = parts.values().stream().filter(one -> one.bytes() == bytes).toList();
    return same.size() == 1 ? Optional.of(same.getFirst()) : Optional.empty();
  }
}
