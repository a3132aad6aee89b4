package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackObjects;
import io.vaultlayer.agent.s3.R2Door;
import io.vaultlayer.aws.R2Account;
import io.vaultlayer.aws.R2JobCredentials;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** A bucket that is like R2, and the control plane's issuer of credentials for it. */
final class R2Attempt implements AutoCloseable {
  static final Duration LIFE = Duration.ofMinutes(60);
  private static final String ACCOUNT = "0123456789abcdef0123456789abcdef";
  private static final String PARENT = "fedcba9876543210fedcba9876543210";
  private static final String SECRET = "3c".repeat(32);

  final R2Door door;
  final LoopbackBucket bucket;
  private final JobCredentials issuer;
  private volatile long passedSeconds;

  R2Attempt(boolean strict) throws IOException {
    door = new R2Door(ACCOUNT, PARENT, SECRET, strict);
    bucket = new LoopbackBucket(Optional.of(door), LoopbackObjects.Manners.OF_R2);
    issuer =
        new R2JobCredentials(
            new R2Account(URI.create(bucket.endpoint()), ACCOUNT, PARENT),
            () -> SECRET,
            () -> Instant.now().plusSeconds(passedSeconds),
            LoopbackBucket.BUCKET);
  }

  /** As the control plane answers an agent of this epoch. */
  S3Credentials credentials(int epoch) {
    return R2Door.told(issuer.issue(new JobId(Rig.JOB), epoch, LIFE));
  }

  /** All credentials made so far are over. */
  void outlive() {
    door.pass(LIFE.toSeconds() + 1);
    passedSeconds += LIFE.toSeconds() + 1;
  }

  @Override
  public void close() {
    bucket.close();
  }
}
