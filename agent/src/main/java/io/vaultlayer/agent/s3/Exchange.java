package io.vaultlayer.agent.s3;

import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** One signed request and its answer: no retries, no meaning. */
final class Exchange {
  private static final int CONNECT_MILLIS = 5_000;

  /** Silence of a store that is still to be waited for; completing a large upload takes long. */
  private static final int READ_MILLIS = 60_000;

  private static final int PIECE = 64 << 10;
  private static final int MOST_ERROR_BYTES = 16 << 10;

  /** A request before signing; {@code body} null for none, {@code key} empty for the bucket. */
  record Request(
      String method,
      String key,
      SortedMap<String, String> query,
      SortedMap<String, String> headers,
      Body body) {
    static Request of(String method, String key) {
      return new Request(method, key, new TreeMap<>(), new TreeMap<>(), null);
    }

    Request query(String name, String value) {
      query.put(name, value);
      return this;
    }

    Request header(String name, String value) {
      headers.put(name, value);
      return this;
    }

    Request body(Body content) {
      return new Request(method, key, query, headers, content);
    }
  }

  /** Reads a good answer's body. */
  interface Reader<T> {
    T read(Exchange exchange) throws IOException;
  }

  /** Ours, not HttpURLConnection's: the body broke off while it was being sent. */
  static final class CutWhileSending extends IOException {
    private static final long serialVersionUID = 1L;

    CutWhileSending(IOException cause) {
      super("the connection broke while the body was sent", cause);
    }
  }

  private final HttpURLConnection connection;
  private final Stop stop;
  private int status;

  private Exchange(HttpURLConnection connection, Stop stop) {
    this.connection = connection;
    this.stop = stop;
  }

  /** Sends a request and waits for the answer's head. */
  static Exchange open(Request request, S3Credentials credentials, long epochSeconds, Stop stop)
      throws IOException {
    String base = credentials.endpoint();
    while (base.endsWith("/")) {
      base = base.substring(0, base.length() - 1);
    }
    URI endpoint = URI.create(base);
    String path =
        Optional.ofNullable(endpoint.getRawPath()).orElse("")
            + '/'
            + Signer.encode(credentials.bucket(), false)
            + (request.key().isEmpty() ? "" : '/' + Signer.encode(request.key(), true));
    String query = Signer.query(request.query());
    var signed =
        Signer.sign(
            new Signer.Request(
                request.method(),
                host(endpoint),
                path,
                request.query(),
                request.headers(),
                payload(request)),
            new Signer.Identity(
                credentials.accessKeyId(),
                credentials.secretAccessKey(),
                credentials.sessionToken(),
                credentials.region()),
            epochSeconds);
    URI uri =
        URI.create(
            endpoint.getScheme()
                + "://"
                + endpoint.getRawAuthority()
                + path
                + (query.isEmpty() ? "" : '?' + query));
    var connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setRequestMethod(request.method());
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setConnectTimeout(CONNECT_MILLIS);
    connection.setReadTimeout(READ_MILLIS);
    signed.forEach((name, value) -> {
      if (!name.equals("host")) {
        connection.setRequestProperty(name, value);
      }
    });
    var exchange = new Exchange(connection, stop);
    exchange.send(request.body());
    return exchange;
  }

  int status() {
    return status;
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(connection.getHeaderField(name));
  }

  /** The store's clock as its Date header tells it, in seconds of the epoch; 0 when it does not. */
  long date() {
    return connection.getDate() / 1000;
  }

  /** Whole body of a good answer, at most {@code most} bytes. */
  byte[] bytes(int most) throws IOException {
    try (InputStream in = stream()) {
      byte[] all = in.readNBytes(most);
      if (all.length == most && in.read() >= 0) {
        throw new StoreException.WrongSize("the answer has more than " + most + " bytes");
      }
      return all;
    }
  }

  /** A good answer's body; every read looks at the stop. */
  InputStream stream() throws IOException {
    InputStream in = connection.getInputStream();
    return new InputStream() {
      @Override
      public int read() throws IOException {
        stop.check();
        return in.read();
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        stop.check();
        return in.read(into, offset, Math.min(length, PIECE));
      }

      @Override
      public void close() throws IOException {
        in.close();
      }
    };
  }

  /** The start of a bad answer's body; reading it keeps the connection usable. */
  String error() {
    try (InputStream in = connection.getErrorStream()) {
      return in == null ? "" : new String(in.readNBytes(MOST_ERROR_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  /** Ends the exchange with what is still under way. */
  void cut() {
    connection.disconnect();
  }

  private void send(Body body) throws IOException {
    boolean good = false;
    try {
      stop.check();
      if (body != null) {
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(body.bytes());
        sendBody(body);
      }
      status = connection.getResponseCode();
      if (status < 0) {
        throw new IOException("the answer is not HTTP");
      }
      good = true;
    } finally {
      if (!good) {
        cut();
      }
    }
  }

  private void sendBody(Body body) throws IOException {
    OutputStream out = connection.getOutputStream();
    try (out) {
      body.writeTo(new Pieces(out));
    } catch (StoreException e) {
      throw e;
    } catch (IOException e) {
      throw new CutWhileSending(e);
    }
  }

  private static String payload(Request request) {
    return request.body() == null
        ? Hex.of(Hex.sha256(new byte[0]))
        : request.body().sha256().orElse(Signer.UNSIGNED);
  }

  private static String host(URI endpoint) {
    int port = endpoint.getPort();
    boolean usual =
        port < 0
            || port == 80 && "http".equals(endpoint.getScheme())
            || port == 443 && "https".equals(endpoint.getScheme());
    return usual ? endpoint.getHost() : endpoint.getHost() + ':' + port;
  }

  /** Passes bytes on in pieces, and looks at the stop before each. */
  private final class Pieces extends OutputStream {
    private final OutputStream out;

    Pieces(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      stop.check();
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      for (int done = 0; done < length; done += PIECE) {
        stop.check();
        out.write(bytes, offset + done, Math.min(PIECE, length - done));
      }
    }
  }
}
