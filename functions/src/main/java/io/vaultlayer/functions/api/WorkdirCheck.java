package io.vaultlayer.functions.api;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.functions.http.ApiError;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Looks at an uploaded work directory before its job becomes due. */
final class WorkdirCheck {
  /**
   * Archives up to this size are hashed here; of larger ones the size is compared, and the agent
   * checks the digest.
   */
  static final int MOST_HASHED = 64 << 20;

  private WorkdirCheck() {}

  static void verify(Bucket bucket, String key, String sha256, long bytes) {
    var info = bucket.head(key);
    if (info.isEmpty()) {
      throw new ApiError(
          422,
          "workdir_missing",
          "starting: the work directory has not arrived; PUT it to the given URL first");
    }
    if (info.get().bytes() != bytes
        || bytes <= MOST_HASHED && !sha256.equals(digest(bucket, key))) {
      throw new ApiError(
          422,
          "workdir_damaged",
          "starting: the stored work directory is not the one announced; submit again");
    }
  }

  private static String digest(Bucket bucket, String key) {
    try {
      var body = bucket.read(key, MOST_HASHED).orElseThrow();
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
