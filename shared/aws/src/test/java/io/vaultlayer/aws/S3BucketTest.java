package io.vaultlayer.aws;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.testkit.suite.BucketSuite;
import java.time.Duration;

class S3BucketTest extends BucketSuite {
  @Override
  protected Bucket bucket() throws Exception {
    var clients = Server.clients();
    var name = Server.freshName("bucket");
    clients.s3().createBucket(request -> request.bucket(name));
    return new S3Bucket(clients.s3(), clients.presigner(), name);
  }

  @Override
  protected boolean checksSignatures() {
    return false;
  }

  @Override
  protected void pass(Duration time) throws Exception {
    Thread.sleep(time);
  }
}
