package io.vaultlayer.core.port;

import io.vaultlayer.core.job.JobId;
import java.time.Duration;
import java.time.Instant;

/**
 * Issues bucket credentials for one attempt: write (never delete) under the epoch's checkpoints,
 * logs and outputs, read under the job, nothing else.
 */
public interface JobCredentials {
  /** Shortest and longest life of a credential. */
  Duration LEAST_LIFE = Duration.ofMinutes(15);

  Duration MOST_LIFE = Duration.ofMinutes(60);

  /** What a host gets; {@link #toString} hides the secrets. */
  record Issued(
      String endpoint,
      String region,
      String bucket,
      String accessKeyId,
      String secretAccessKey,
      String sessionToken,
      String prefix,
      Instant expiresAt) {
    @Override
    public String toString() {
      return "Issued[" + bucket + "/" + prefix + " until " + expiresAt + "]";
    }
  }

  /**
   * @throws TransportUnavailable when the issuer gave no answer
   */
  Issued issue(JobId job, int epoch, Duration life);
}
