package io.vaultlayer.core.port;

import java.time.Duration;

/**
 * Sends hints to one queue. A message may arrive late, twice, out of order or never; nothing may
 * depend on it.
 */
public interface Queue {
  /** Longest delay that a queue accepts. */
  Duration MOST_DELAY = Duration.ofMinutes(15);

  /**
   * @param body at most 64 KiB of JSON
   * @param delay 0 to {@link #MOST_DELAY}, whole seconds
   * @throws TransportUnavailable when no answer came; the message may have been sent
   */
  void send(String body, Duration delay);
}
