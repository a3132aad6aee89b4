package io.vaultlayer.agent.api;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Waits that double up to a bound, each shortened by chance so that agents do not beat in step. */
public final class Backoff {
  private final long firstMillis;
  private final long mostMillis;
  private final RandomGenerator chance;
  private int tries;

  public Backoff(Duration first, Duration most, RandomGenerator chance) {
    if (first.isNegative() || first.isZero() || most.compareTo(first) < 0) {
      throw new IllegalArgumentException("waits must grow: " + first + " to " + most);
    }
    this.firstMillis = first.toMillis();
    this.mostMillis = most.toMillis();
    this.chance = chance;
  }

  /** The next wait: between half and the whole of the bound that has been reached. */
  public Duration next() {
    long bound = Math.min(mostMillis, firstMillis << Math.min(tries, 20));
    tries++;
    return Duration.ofMillis(bound / 2 + chance.nextLong(bound / 2 + 1));
  }
}
