package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The control plane's API over the JDK's plain connection class, which starts several times faster
 * than its newer client and needs no threads.
 */
public final class Plane {
  private static final int CONNECT_MILLIS = 5_000;
  private static final int READ_MILLIS = 30_000;
  private static final int LARGEST_ANSWER = 64 << 20;
  private static final byte[] NOTHING = {};

  static {
    // A POST is repeated by us where that is safe, never behind our back.
    System.setProperty("sun.net.http.retryPost", "false");
  }

  private final Door door;

  public Plane(Door door) {
    this.door = door;
  }

  public Door door() {
    return door;
  }

  /**
   * @throws Refusal when the plane answers with an error; Failure 5 when it does not answer
   */
  public <T> T get(String path, Class<T> type) throws InterruptedException {
    return Json.parse(send("GET", path, NOTHING, Map.of()), type);
  }

  public String getText(String path) throws InterruptedException {
    return send("GET", path, NOTHING, Map.of());
  }

  public <T> T post(String path, Object body, Map<String, String> headers, Class<T> type)
      throws InterruptedException {
    return Json.parse(postText(path, body, headers), type);
  }

  public String postText(String path, Object body, Map<String, String> headers)
      throws InterruptedException {
    return send("POST", path, Json.render(body).getBytes(StandardCharsets.UTF_8), headers);
  }

  /** One value of a query or one segment of a path, escaped. */
  public static String escaped(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private String send(String method, String path, byte[] body, Map<String, String> headers)
      throws InterruptedException {
    try {
      return once(method, path, body, headers);
    } catch (IOException first) {
      try {
        if (repeatable(method, headers, first) && door.revive()) {
          return once(method, path, body, headers);
        }
      } catch (IOException second) {
        first.addSuppressed(second);
      }
      throw unreachable(first);
    }
  }

  /** A request that certainly did not arrive, or that changes nothing when it arrives twice. */
  private static boolean repeatable(String method, Map<String, String> headers, IOException why) {
    return method.equals("GET")
        || headers.containsKey("Idempotency-Key")
        || why instanceof java.net.ConnectException;
  }

  private Failure unreachable(IOException why) {
    return Failure.unreachable(
            "reaching the control plane at "
                + door.endpoint()
                + ": "
                + reason(why)
                + "; check the address and the network, then try again")
        .because(why);
  }

  private static String reason(IOException why) {
    return switch (why) {
      case java.net.ConnectException e -> "connection refused";
      case java.net.UnknownHostException e -> "unknown host";
      case java.net.SocketTimeoutException e -> "no answer in time";
      default -> String.valueOf(why.getMessage());
    };
  }

  private String once(String method, String path, byte[] body, Map<String, String> headers)
      throws IOException {
    var url = URI.create(door.endpoint() + path).toURL();
    if (!(url.openConnection(java.net.Proxy.NO_PROXY) instanceof HttpURLConnection request)) {
      throw new IOException("not an http address");
    }
    request.setConnectTimeout(CONNECT_MILLIS);
    request.setReadTimeout(READ_MILLIS);
    request.setInstanceFollowRedirects(false);
    request.setUseCaches(false);
    request.setRequestMethod(method);
    request.setRequestProperty("Accept", "application/json");
    headers.forEach(request::setRequestProperty);
    door.sign(request, body);
    if (method.equals("POST")) {
      request.setRequestProperty("Content-Type", "application/json");
      request.setDoOutput(true);
      try (var out = request.getOutputStream()) {
        out.write(body);
      }
    }
    int status = request.getResponseCode();
    var text = read(status < 400 ? request.getInputStream() : request.getErrorStream());
    if (status >= 300) {
      throw new Refusal(status, document(status, method, path, text));
    }
    return text;
  }

  private static String read(InputStream in) throws IOException {
    if (in == null) {
      return "";
    }
    try (in) {
      var bytes = in.readNBytes(LARGEST_ANSWER + 1);
      if (bytes.length > LARGEST_ANSWER) {
        throw new IOException("the answer is larger than 64 MiB");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private static ErrorDocument document(int status, String method, String path, String text) {
    try {
      var document = Json.parse(text, ErrorDocument.class);
      if (document.code() != null && document.message() != null) {
        return document;
      }
    } catch (Json.MalformedJson e) {
      // Not from our handlers: a gateway or a proxy answered.
    }
    var asked = path.indexOf('?') < 0 ? path : path.substring(0, path.indexOf('?'));
    var what =
        switch (status) {
          case 401, 403 -> "not allowed; check the credentials";
          case 429 -> "too many requests; try again in a moment";
          default -> "the control plane answered " + status + "; try again, or see its log";
        };
    return ErrorDocument.of("http_" + status, method + " " + asked + ": " + what);
  }
}
