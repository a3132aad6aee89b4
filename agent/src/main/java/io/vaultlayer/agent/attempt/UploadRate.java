package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.s3.Throttle;
import java.util.Map;
import java.util.function.Consumer;

/** How fast an attempt may send, as its user has it. */
final class UploadRate {
  /** In 10^6 bytes a second, for the whole agent; a fraction is allowed. Not set: no limit. */
  static final String NAME = "VAULTLAYER_UPLOAD_MB_PER_SECOND";

  /** Slower, and not even the output would keep up. */
  private static final double LEAST = 0.1;

  private UploadRate() {}

  /**
   * @param warn told when the value is no rate; then there is no limit
   */
  static Throttle of(Map<String, String> environment, Consumer<String> warn) {
    return of(asked(environment), warn);
  }

  /** As the user wrote it; null where he did not. */
  static String asked(Map<String, String> environment) {
    return environment == null ? null : environment.get(NAME);
  }

  /**
   * @param text as the user wrote it, or null
   */
  static Throttle of(String text, Consumer<String> warn) {
    if (text == null || text.isBlank()) {
      return Throttle.NONE;
    }
    try {
      double rate = Double.parseDouble(text.strip());
      if (rate >= LEAST && rate < 1e6) {
        return new Throttle(rate * 1e6);
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    warn.accept(NAME + " is a number of at least " + LEAST + "; uploads are not slowed down");
    return Throttle.NONE;
  }
}
