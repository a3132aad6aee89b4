package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.TransportUnavailable;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Issues credentials that open nothing and remembers for whom. */
public final class MemoryCredentials implements JobCredentials {
  /** One request for credentials. */
  public record Asked(JobId job, int epoch, Duration life) {}

  private final InstantSource clock;
  private final String bucket;
  private final List<Asked> asked = new ArrayList<>();
  private boolean down;
  private boolean twoKeys;

  public MemoryCredentials(InstantSource clock, String bucket) {
    this.clock = clock;
    this.bucket = bucket;
  }

  @Override
  public synchronized Issued issue(JobId job, int epoch, Duration life) {
    JobCredentials.require(epoch, life);
    if (down) {
      throw new TransportUnavailable("the issuer is down", null);
    }
    asked.add(new Asked(job, epoch, life));
    return new Issued(
        "memory://bucket",
        "us-east-1",
        bucket,
        "AKFAKE" + asked.size(),
        "secret-" + asked.size(),
        "session-" + asked.size(),
        "jobs/" + job + "/",
        clock.instant().plus(life),
        twoKeys
            ? Optional.of(
                new Key("AKREAD" + asked.size(), "read-" + asked.size(), "reading-" + asked.size()))
            : Optional.empty());
  }

  /** Every request so far. */
  public synchronized List<Asked> asked() {
    return List.copyOf(asked);
  }

  /** From now on one key writes and another reads. */
  public synchronized void twoKeys() {
    twoKeys = true;
  }

  /** While down no call is answered. */
  public synchronized void down(boolean isDown) {
    down = isDown;
  }
}
