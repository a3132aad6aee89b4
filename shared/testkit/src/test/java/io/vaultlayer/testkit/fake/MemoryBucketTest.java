package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.testkit.suite.BucketSuite;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

class MemoryBucketTest extends BucketSuite {
  private final ManualClock clock = new ManualClock();
  private final MemoryBucket bucket = new MemoryBucket(clock);

  @Override
  protected Bucket bucket() {
    return bucket;
  }

  @Override
  protected boolean checksSignatures() {
    return true;
  }

  @Override
  protected boolean put(URI url, byte[] body) {
    try {
      bucket.use("PUT", url, body);
      return true;
    } catch (IllegalStateException refused) {
      return false;
    }
  }

  @Override
  protected Optional<byte[]> get(URI url) {
    try {
      return bucket.use("GET", url, new byte[0]);
    } catch (IllegalStateException refused) {
      return Optional.empty();
    }
  }

  @Override
  protected void pass(Duration time) {
    clock.advance(time);
  }
}
