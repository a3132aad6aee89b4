package io.vaultlayer.agent.lease;

import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** The attempt's bucket credentials: the newest ones, and when to ask for others. */
public final class Credentials {
  private static final Duration LIFE_WHEN_UNREADABLE = Duration.ofMinutes(15);
  private static final Duration SOONEST = Duration.ofSeconds(5);

  private final Clocks clocks;
  private S3Credentials current;
  private long renewAt;

  public Credentials(Clocks clocks, S3Credentials first) {
    this.clocks = clocks;
    renewed(first);
  }

  public synchronized S3Credentials current() {
    return current;
  }

  public final synchronized void renewed(S3Credentials newest) {
    current = newest;
    Duration asked = life(newest).multipliedBy(2).dividedBy(3);
    renewAt = clocks.monotonic() + (asked.compareTo(SOONEST) < 0 ? SOONEST : asked).toNanos();
  }

  /** Two thirds of their life are over. After a failed try it is asked again in a while. */
  public synchronized boolean due() {
    return clocks.monotonic() - renewAt >= 0;
  }

  public synchronized void askAgainIn(Duration wait) {
    renewAt = clocks.monotonic() + wait.toNanos();
  }

  private Duration life(S3Credentials credentials) {
    try {
      Instant now = Instant.ofEpochMilli(TimeUnit.NANOSECONDS.toMillis(clocks.wall()));
      return Duration.between(now, Instant.parse(credentials.expiresAt()));
    } catch (DateTimeException | NullPointerException e) {
      return LIFE_WHEN_UNREADABLE;
    }
  }
}
