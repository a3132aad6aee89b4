package io.vaultlayer.aws;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.testkit.suite.BucketSuite;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The bucket again, on a server of another make that checks every signature. */
class S3ProxyBucketTest extends BucketSuite {
  private static final String NAME = "artifacts";

  @TempDir Path root;
  private S3Proxy server;
  private Clients clients;

  @Override
  protected Bucket bucket() throws Exception {
    Files.createDirectories(root.resolve(NAME));
    server =
        S3Proxy.builder()
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V4, "AKTEST", "secret")
            .blobStore(new FilesystemNio2BlobStore(root.toString()))
            .ignoreUnknownHeaders(true)
            .build();
    server.start();
    var url = URI.create("http://127.0.0.1:" + server.getPort());
    clients = new Clients(Endpoints.at(url, "us-east-1", "AKTEST", "secret"));
    return new S3Bucket(clients.s3(), clients.presigner(), NAME);
  }

  @AfterEach
  void stop() throws Exception {
    clients.close();
    server.stop();
  }

  @Override
  protected boolean checksSignatures() {
    return true;
  }

  @Override
  protected void pass(Duration time) throws Exception {
    Thread.sleep(time);
  }
}
