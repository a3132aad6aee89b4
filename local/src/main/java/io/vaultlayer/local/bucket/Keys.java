package io.vaultlayer.local.bucket;

import io.vaultlayer.wire.BucketLayout;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Shapes of keys. On a file system a key is a path, so one that walks is no key. */
final class Keys {
  private static final int LONGEST = 1024;
  private static final int LONGEST_SEGMENT = 200;
  private static final Pattern TEMPORARY =
      Pattern.compile(
          ".*-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", Pattern.DOTALL);

  private Keys() {}

  /** True without empty, {@code .} and {@code ..} segments and control characters. */
  static boolean clean(String key) {
    if (key == null || key.isEmpty() || key.length() > LONGEST || key.startsWith("/")) {
      return false;
    }
    for (int i = 0; i < key.length(); i++) {
      if (key.charAt(i) < 0x20 || key.charAt(i) == 0x7f) {
        return false;
      }
    }
    for (var segment : key.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return false;
      }
    }
    return true;
  }

  /**
   * True when a segment is too long for the name of a file that is being written, which ends in 37
   * characters more.
   */
  static boolean tooLong(String key) {
    for (var segment : key.split("/", -1)) {
      if (segment.getBytes(StandardCharsets.UTF_8).length > LONGEST_SEGMENT) {
        return true;
      }
    }
    return false;
  }

  /** Like {@link #clean}, for a prefix: its last segment may be empty or unfinished. */
  static boolean cleanPrefix(String prefix) {
    return clean(prefix.endsWith("/") ? prefix + "x" : prefix)
        && !prefix.endsWith("/..")
        && !prefix.endsWith("/.");
  }

  static boolean writable(String job, int epoch, String key) {
    if (!clean(key)) {
      return false;
    }
    return under(key, BucketLayout.checkpoints(job, epoch))
        || under(key, BucketLayout.logs(job, epoch))
        || under(key, BucketLayout.outputs(job, epoch));
  }

  static boolean readable(String job, String key) {
    return clean(key) && under(key, BucketLayout.job(job));
  }

  static boolean listable(String job, String prefix) {
    return prefix != null && prefix.startsWith(BucketLayout.job(job)) && cleanPrefix(prefix);
  }

  /** Whether a key ends as the server's unfinished files do. */
  static boolean temporary(String key) {
    return TEMPORARY.matcher(key).matches();
  }

  private static boolean under(String key, String prefix) {
    return key.length() > prefix.length() && key.startsWith(prefix);
  }
}
