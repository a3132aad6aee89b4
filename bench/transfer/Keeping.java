import java.net.URI;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/**
 * S3Proxy over a directory, as it stands under the embedded plane's bucket, without the plane's
 * rules. Signatures are checked.
 *
 * <p>{@code java -cp PLANE Keeping.java PORT DIRECTORY ACCESS SECRET}; serves until it is killed.
 */
public final class Keeping {
  /** A body whose digest is signed is held in memory until it is checked; rclone signs its parts. */
  private static final long MOST_BUFFERED = 64L << 20;

  public static void main(String[] arguments) throws Exception {
    S3Proxy.builder()
        .endpoint(URI.create("http://127.0.0.1:" + arguments[0]))
        .awsAuthentication(AuthenticationType.AWS_V4, arguments[2], arguments[3])
        .blobStore(new FilesystemNio2BlobStore(arguments[1]))
        .ignoreUnknownHeaders(true)
        .v4MaxNonChunkedRequestSize(MOST_BUFFERED)
        .jettyMaxThreads(48)
        .build()
        .start();
  }

  private Keeping() {}
}
