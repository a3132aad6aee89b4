package io.vaultlayer.agent.lease;

import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** The attempt's bucket credentials: the newest ones, and when to ask for others. */
public final class Credentials {
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
    renewAt = clocks.monotonic() + life(newest).multipliedBy(2).dividedBy(3).toNanos();
  }

  /** Two thirds of their life are over. After a failed try it is asked again in a while. */
  public synchronized boolean due() {
    return clocks.monotonic() - renewAt >= 0;
  }

  public synchronized void askAgainIn(Duration wait) {
    renewAt = clocks.monotonic() + wait.toNanos();
  }

  /**
   * Within what issuers promise: by a clock that is behind, as on hosts for hire, the end would
   * otherwise pass before it comes; by one that is ahead, each beat would ask.
   */
  private Duration life(S3Credentials credentials) {
    Duration told;
    try {
      Instant now = Instant.ofEpochMilli(TimeUnit.NANOSECONDS.toMillis(clocks.wall()));
      told = Duration.between(now, Instant.parse(credentials.expiresAt()));
    } catch (DateTimeException | NullPointerException e) {
      return JobCredentials.LEAST_LIFE;
    }
    return told.compareTo(JobCredentials.LEAST_LIFE) < 0
        ? JobCredentials.LEAST_LIFE
        : told.compareTo(JobCredentials.MOST_LIFE) > 0 ? JobCredentials.MOST_LIFE : told;
  }
}
