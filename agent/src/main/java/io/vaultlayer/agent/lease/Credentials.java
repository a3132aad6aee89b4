package io.vaultlayer.agent.lease;

import io.vaultlayer.agent.s3.CredentialSource;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** The attempt's bucket credentials: the newest ones, and when to ask for others. */
public final class Credentials implements CredentialSource {
  /** Refusals that renewal does not cure, such as a wrong policy, must not make a storm of it. */
  private static final Duration BETWEEN_EARLY_ONES = Duration.ofMinutes(1);

  private final Clocks clocks;
  private S3Credentials current;
  private long renewAt;
  private long askedAt;

  public Credentials(Clocks clocks, S3Credentials first) {
    this.clocks = clocks;
    renewed(first);
  }

  @Override
  public synchronized S3Credentials current() {
    return current;
  }

  /**
   * Others are asked for at the next beat: what these were made from may have been replaced, or the
   * host slept through their end.
   */
  @Override
  public synchronized void refused(S3Credentials these) {
    long now = clocks.monotonic();
    if (these.equals(current) && now - askedAt >= BETWEEN_EARLY_ONES.toNanos() && !due()) {
      renewAt = now;
    }
  }

  public final synchronized void renewed(S3Credentials newest) {
    current = newest;
    askAgainIn(life(newest).multipliedBy(2).dividedBy(3));
  }

  /** Two thirds of their life are over. After a failed try it is asked again in a while. */
  public synchronized boolean due() {
    return clocks.monotonic() - renewAt >= 0;
  }

  public final synchronized void askAgainIn(Duration wait) {
    askedAt = clocks.monotonic();
    renewAt = askedAt + wait.toNanos();
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
