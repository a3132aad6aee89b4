package io.vaultlayer.core.watch;

import io.vaultlayer.core.port.Provider;

/**
 * How often an attempt beats, and for how long a beat is good. On-demand instances die rarely, so
 * they beat a third as often: a death costs a minute more there, and every beat costs money.
 */
public record Rhythm(int beatSeconds, int leaseSeconds) {
  /** Three beats must be lost in a row before a lease can expire. */
  public static final int BEATS_IN_A_LEASE = 4;

  private static final int ON_DEMAND = 3;

  /**
   * The rhythm of one launch.
   *
   * @param pricing {@code spot} or {@code on-demand}
   * @param beatSeconds what the deployment chose for spot instances; 0: the provider's own. The
   *     local provider keeps the setting of its own plane in any case.
   */
  public static Rhythm of(Provider.Facts facts, String pricing, int beatSeconds) {
    if (beatSeconds < 0) {
      throw new IllegalArgumentException("a beat is 0 (the provider's own) or more seconds");
    }
    if (facts.name().equals("local")) {
      return new Rhythm(facts.beatSeconds(), facts.leaseSeconds());
    }
    int beat = beatSeconds > 0 ? beatSeconds : facts.beatSeconds();
    int lease = beatSeconds > 0 ? beatSeconds * BEATS_IN_A_LEASE : facts.leaseSeconds();
    int times = pricing.equals("on-demand") ? ON_DEMAND : 1;
    return new Rhythm(beat * times, lease * times);
  }
}
