package io.vaultlayer.local.bucket;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.gaul.shaded.org.eclipse.jetty.io.Content;
import org.gaul.shaded.org.eclipse.jetty.server.Handler;
import org.gaul.shaded.org.eclipse.jetty.server.Request;
import org.gaul.shaded.org.eclipse.jetty.server.Response;
import org.gaul.shaded.org.eclipse.jetty.util.Callback;

/**
 * Takes and forgets what is left of a request's body before a refusal is sent. The S3 server
 * refuses many a request by its head alone. Its HTTP server then throws away what has arrived by
 * that moment and closes; what arrives later makes the kernel reset the connection, and a client
 * that sends first and reads afterwards finds a broken pipe in place of its refusal.
 *
 * <p>Before, and not after: the JDK's client loses an answer that comes in one packet with {@code
 * 100 Continue}, which the S3 server sends to everybody. No thread waits for the body. Where all of
 * it came the connection can be used again; beyond the bounds it is answered and closed as before.
 */
final class UnreadBody extends Handler.Wrapper {
  /**
   * The largest body that a usual tool sends in one request is rclone's 200 MiB; at half of this,
   * such a client would not hear why it was refused. At the double only more would be thrown away.
   */
  static final long MOST_BYTES = 256L << 20;

  /**
   * For a body that trickles in: who is refused has no claim to a connection. One that falls silent
   * is given up by the server's own idle limit of 30 s.
   */
  static final Duration LONGEST = Duration.ofSeconds(10);

  private final InstantSource clock;

  UnreadBody(Handler handler, InstantSource clock) {
    super(handler);
    this.clock = clock;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    return super.handle(request, new Answer(request, response, clock), callback);
  }

  /** Its first piece waits for the body where it refuses. */
  private static final class Answer extends Response.Wrapper {
    private final Request request;
    private final InstantSource clock;
    private boolean begun;
    private long bytes;

    Answer(Request request, Response response, InstantSource clock) {
      super(request, response);
      this.request = request;
      this.clock = clock;
    }

    @Override
    public void write(boolean last, ByteBuffer piece, Callback callback) {
      if (begun || getStatus() < 400) {
        super.write(last, piece, callback);
      } else {
        begun = true;
        take(
            clock.instant().plus(LONGEST),
            Callback.from(() -> super.write(last, piece, callback), callback::failed));
      }
    }

    /** Reads what is there, and is called again when there is more. */
    private void take(Instant end, Callback then) {
      for (var chunk = request.read(); chunk != null; chunk = request.read()) {
        bytes += chunk.remaining();
        boolean over =
            chunk.isLast()
                || Content.Chunk.isFailure(chunk)
                || bytes > MOST_BYTES
                || clock.instant().isAfter(end);
        chunk.release();
        if (over) {
          then.succeeded();
          return;
        }
      }
      request.demand(() -> take(end, then));
    }
  }
}
