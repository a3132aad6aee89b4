package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.wire.SubmitResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Bytes to and from the bucket by presigned addresses, which appear in no message. */
public final class Transfer {
  private static final int CONNECT_MILLIS = 10_000;
  private static final int READ_MILLIS = 120_000;
  private static final int TRIES = 3;

  private final String doing;

  /**
   * @param doing begins the error
   */
  public Transfer(String doing) {
    this.doing = doing;
  }

  /** Sends a whole file. @throws Failure 5 when the bucket cannot be reached, 3 when it refuses */
  public void upload(SubmitResponse.Upload upload, Path file, long bytes) {
    repeat(() -> {
      var request = open(upload.url());
      request.setRequestMethod(upload.method() == null ? "PUT" : upload.method());
      if (upload.headers() != null) {
        upload.headers().forEach(request::setRequestProperty);
      }
      request.setDoOutput(true);
      request.setFixedLengthStreamingMode(bytes);
      try (var out = request.getOutputStream()) {
        Files.copy(file, out);
      }
      return accepted(request);
    });
  }

  /** Receives one object into {@code out} and returns after its end. */
  public void download(String url, Attempt to) {
    repeat(() -> {
      var request = open(url);
      int status = accepted(request);
      try (var in = request.getInputStream()) {
        to.take(in);
      }
      return status;
    });
  }

  /** Takes one try's bytes from their beginning. */
  @FunctionalInterface
  public interface Attempt {
    void take(InputStream in) throws IOException;
  }

  @FunctionalInterface
  private interface Exchange {
    int run() throws IOException;
  }

  private static HttpURLConnection open(String url) throws IOException {
    var connection = URI.create(url).toURL().openConnection(Proxy.NO_PROXY);
    if (!(connection instanceof HttpURLConnection request)) {
      throw new IOException("the control plane named an address that is not http");
    }
    request.setConnectTimeout(CONNECT_MILLIS);
    request.setReadTimeout(READ_MILLIS);
    request.setUseCaches(false);
    return request;
  }

  private int accepted(HttpURLConnection request) throws IOException {
    int status = request.getResponseCode();
    if (status >= 500) {
      throw new IOException("the bucket answered " + status);
    }
    if (status >= 300) {
      try (var body = request.getErrorStream()) {
        if (body != null) {
          body.transferTo(OutputStream.nullOutputStream());
        }
      }
      throw new Failure(
          ExitCode.REFUSED,
          "bucket_refused",
          doing + ": the bucket refused it with " + status + "; try again",
          Map.of("status", status));
    }
    return status;
  }

  private void repeat(Exchange exchange) {
    for (int attempt = 1; ; attempt++) {
      try {
        exchange.run();
        return;
      } catch (IOException e) {
        if (attempt == TRIES) {
          throw Failure.unreachable(doing + ": " + e.getMessage() + "; try again").because(e);
        }
      }
    }
  }
}
