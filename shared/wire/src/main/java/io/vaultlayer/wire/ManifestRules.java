package io.vaultlayer.wire;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a manifest must say before its files are looked for or fetched: one rule for the control
 * plane and the agents. It was written by a host that is not ours, and what no agent can restore
 * must never be committed or salvaged, since nothing that is damaged would be found there to
 * condemn.
 */
public final class ManifestRules {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Deeper than any kept directory may be nested, and what agents restore. */
  private static final int MOST_SEGMENTS = 40;

  private ManifestRules() {}

  /** What is wrong with it; empty when nothing is. */
  public static Optional<String> problem(String job, Manifest manifest) {
    if (manifest.files() == null
        || manifest.files().isEmpty()
        || manifest.files().size() > Manifest.MOST_FILES
        || !job.equals(manifest.job())) {
      return Optional.of("the manifest names no files, too many, or another job");
    }
    var paths = new HashSet<String>();
    for (var file : manifest.files()) {
      if (file == null
          || file.path() == null
          || file.sha256() == null
          || !SHA256.matcher(file.sha256()).matches()
          || file.bytes() < 0) {
        return Optional.of("the manifest has an incomplete entry");
      }
      if (!isPlain(file.path())
          || file.path().startsWith(Manifest.RESTORING)
          || !paths.add(file.path())) {
        return Optional.of("the manifest names a file wrongly, or twice");
      }
      if (file.key() == null || !isOwn(job, file.key())) {
        return Optional.of("the manifest names an object outside the job's checkpoints");
      }
    }
    return paths.stream().anyMatch(path -> isBelowAFile(path, paths))
        ? Optional.of("the manifest has a file where it has a directory")
        : Optional.empty();
  }

  /** True for an object under the job's checkpoints. */
  public static boolean isOwn(String job, String key) {
    return key.startsWith(BucketLayout.job(job) + "checkpoints/") && isPlain(key);
  }

  /** Relative, and without segments that lead elsewhere. */
  private static boolean isPlain(String path) {
    var segments = path.split("/", -1);
    for (var segment : segments) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return false;
      }
    }
    return segments.length <= MOST_SEGMENTS && path.indexOf('\0') < 0;
  }

  private static boolean isBelowAFile(String path, Set<String> paths) {
    for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (paths.contains(path.substring(0, at))) {
        return true;
      }
    }
    return false;
  }
}
