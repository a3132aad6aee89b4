package io.vaultlayer.cli.plane;

import java.net.HttpURLConnection;

/** Where requests go, and what proves who sends them. */
public interface Door {
  /** Base address without a slash at its end. */
  String endpoint();

  /** Adds the headers that authenticate this request; {@code body} is empty for a GET. */
  void sign(HttpURLConnection request, byte[] body);

  /** Milliseconds between two looks while following: a plane next door may be asked more often. */
  long pollMillis();

  /**
   * The request could not be delivered. True when something was done about it, so that trying once
   * more makes sense.
   */
  boolean revive() throws InterruptedException;
}
