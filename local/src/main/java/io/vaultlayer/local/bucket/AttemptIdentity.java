package io.vaultlayer.local.bucket;

import io.vaultlayer.core.job.JobId;
import java.time.Instant;

/** Credentials of one attempt. {@link #toString} hides the secrets. */
record AttemptIdentity(
    String accessKeyId,
    String secret,
    String sessionToken,
    JobId job,
    int epoch,
    String bucket,
    String roleArn,
    Instant expiresAt) {
  @Override
  public String toString() {
    return "AttemptIdentity[" + accessKeyId + " of " + job + " e" + epoch + "]";
  }
}
