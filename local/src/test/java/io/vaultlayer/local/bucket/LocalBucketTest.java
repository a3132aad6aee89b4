package io.vaultlayer.local.bucket;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.testkit.suite.BucketSuite;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The local bucket, seen by the plane, passes the suite of every bucket. */
class LocalBucketTest extends BucketSuite {
  @TempDir Path directory;
  private BucketFixture fixture;

  @Override
  protected Bucket bucket() throws Exception {
    fixture = new BucketFixture(directory);
    return fixture.server.bucket(fixture.bucket);
  }

  @Override
  protected boolean checksSignatures() {
    return true;
  }

  @Override
  protected void pass(Duration time) throws Exception {
    Thread.sleep(time);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }
}
