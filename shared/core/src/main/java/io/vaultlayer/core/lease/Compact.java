package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.JobId;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Shorter forms of values that follow a rule. What does not follow it is stored as it is, so that
 * nothing depends on the rule but the size.
 */
final class Compact {
  /** Of 32 bytes: base64url without padding. */
  private static final int DIGEST = 43;

  private Compact() {}

  /** A SHA-256 in 43 characters instead of 64; any other text behind a mark of its own. */
  static String digest(String hex) {
    return TokenHash.isSha256(hex)
        ? Base64.getUrlEncoder().withoutPadding().encodeToString(HexFormat.of().parseHex(hex))
        : "=" + hex;
  }

  static String parseDigest(String text) {
    if (text.startsWith("=")) {
      return text.substring(1);
    }
    if (text.length() != DIGEST) {
      throw new IllegalStateException("a stored digest has " + text.length() + " characters");
    }
    return HexFormat.of().formatHex(Base64.getUrlDecoder().decode(text));
  }

  /** Where the bucket's layout has this checkpoint's manifest. */
  static String manifestKey(JobId job, int epoch, long step) {
    var key = new StringBuilder(96).append("jobs/").append(job.value()).append("/checkpoints/e");
    padded(key, epoch, 8).append("/step-");
    return padded(key, step, 12).append("/_manifest.json").toString();
  }

  private static StringBuilder padded(StringBuilder text, long number, int digits) {
    var shown = Long.toString(number);
    return text.repeat('0', Math.max(0, digits - shown.length())).append(shown);
  }

  static String label(String owner, JobId job, int epoch, int number) {
    return "vl-" + owner + "-" + job.value() + "-e" + epoch + "-" + number;
  }

  /** The owner in a label of ours; empty when the label has another shape. */
  static Optional<String> ownerOf(String label, JobId job, int epoch, int number) {
    int end = label.indexOf("-" + job.value() + "-");
    if (!label.startsWith("vl-") || end < 3) {
      return Optional.empty();
    }
    var owner = label.substring(3, end);
    return label(owner, job, epoch, number).equals(label) ? Optional.of(owner) : Optional.empty();
  }
}
