package io.vaultlayer.core.job;

import java.util.Locale;

/** How an attempt ended (contract, section 1). */
public enum Outcome {
  SUCCEEDED,
  /** The user's program failed. */
  FAILED,
  /** Instance or process was taken away. */
  LOST,
  /** Taken away after a notice. */
  RECLAIMED,
  /** GPU or host is not sound. */
  UNHEALTHY,
  STALLED,
  CANCELLED,
  /** The launch never registered. */
  NEVER_STARTED;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Outcome parse(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }
}
