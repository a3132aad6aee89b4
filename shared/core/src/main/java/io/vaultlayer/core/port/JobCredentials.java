package io.vaultlayer.core.port;

import io.vaultlayer.core.job.JobId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Issues bucket credentials for one attempt: write (never delete) under the epoch's checkpoints,
 * logs and outputs, read under the job, nothing else.
 */
public interface JobCredentials {
  /** Shortest and longest life of a credential. */
  Duration LEAST_LIFE = Duration.ofMinutes(15);

  Duration MOST_LIFE = Duration.ofMinutes(60);

  /** What signs a request; {@link #toString} hides the secrets. */
  record Key(String accessKeyId, String secretAccessKey, String sessionToken) {
    @Override
    public String toString() {
      return "Key[" + accessKeyId + "]";
    }
  }

  /**
   * What a host gets; {@link #toString} hides the secrets.
   *
   * @param read the key for GET and HEAD, where the issuer cannot make one that reads under the job
   *     and writes under the epoch alone; empty: the other reads too
   */
  record Issued(
      String endpoint,
      String region,
      String bucket,
      String accessKeyId,
      String secretAccessKey,
      String sessionToken,
      String prefix,
      Instant expiresAt,
      Optional<Key> read) {
    /** One key for everything. */
    public Issued(
        String endpoint,
        String region,
        String bucket,
        String accessKeyId,
        String secretAccessKey,
        String sessionToken,
        String prefix,
        Instant expiresAt) {
      this(
          endpoint,
          region,
          bucket,
          accessKeyId,
          secretAccessKey,
          sessionToken,
          prefix,
          expiresAt,
          Optional.empty());
    }

    @Override
    public String toString() {
      return "Issued[" + bucket + "/" + prefix + " until " + expiresAt + "]";
    }
  }

  /**
   * @throws TransportUnavailable when the issuer gave no answer
   */
  Issued issue(JobId job, int epoch, Duration life);

  /**
   * What every issuer asks.
   *
   * @throws IllegalArgumentException when the epoch is none, or the life is shorter or longer than
   *     credentials may live
   */
  static void require(int epoch, Duration life) {
    if (epoch < 1) {
      throw new IllegalArgumentException("epochs start at 1, not " + epoch);
    }
    if (life.compareTo(LEAST_LIFE) < 0 || life.compareTo(MOST_LIFE) > 0) {
      throw new IllegalArgumentException(
          "credentials live " + LEAST_LIFE + " to " + MOST_LIFE + ", not " + life);
    }
  }
}
