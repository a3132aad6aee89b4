package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.lease.Credentials;
import io.vaultlayer.agent.lease.Lease;
import io.vaultlayer.agent.s3.CredentialSource;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Credentials for whoever writes to the bucket. They are asked for before each try of a request,
 * and given only while the lease is held: a host that was paused has to be heard first, also for
 * the second try of what was in flight. The switch ends the wait and, right after it, the request.
 */
record WhileHeld(Lease lease, Credentials credentials, Stop until) implements CredentialSource {
  private static final Duration LOOK = Duration.ofMillis(20);

  @Override
  public S3Credentials current() {
    while (!lease.held() && !until.isPulled()) {
      LockSupport.parkNanos(LOOK.toNanos());
    }
    return credentials.current();
  }

  @Override
  public void refused(S3Credentials these) {
    credentials.refused(these);
  }
}
