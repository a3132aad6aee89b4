package io.vaultlayer.agent.s3;

import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** One signed request and its answer: no retries, no meaning. */
final class Exchange {
  /** A refusal that was sent while we were still sending is there at once or never. */
  private static final int REFUSAL_MILLIS = 1_000;

  /** Between two looks at the stop and at the rate; large enough to cost no calls. */
  private static final int PIECE = 256 << 10;

  /** What is not in a direct buffer is copied into one; the JDK keeps it for each thread. */
  private static final int HEAP_PIECE = 64 << 10;

  private static final String NO_PAYLOAD = Hex.of(Hex.sha256(new byte[0]));
  private static final int MOST_ERROR_BYTES = 16 << 10;
  private static final int MOST_DRAINED = 256 << 10;

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

  /** Where requests go: connections that are kept, the rate at which bodies are sent, the stop. */
  record Line(Wires wires, Throttle throttle, Stop stop) {}

  /** The body broke off while it was being sent, and nobody said why. */
  static final class CutWhileSending extends IOException {
    private static final long serialVersionUID = 1L;

    CutWhileSending(IOException cause) {
      super("the connection broke while the body was sent", cause);
    }
  }

  private final Wires wires;
  private final Wires.Lent lent;
  private final Answer answer;
  private final Stop stop;
  private boolean spoiled;

  private Exchange(Line line, Wires.Lent lent) {
    this.wires = line.wires();
    this.stop = line.stop();
    this.lent = lent;
    this.answer = new Answer(lent.wire());
  }

  /** Sends a request and waits for the answer's head. */
  static Exchange open(Request request, S3Credentials credentials, long epochSeconds, Line line)
      throws IOException {
    Place place = Place.of(credentials);
    String path =
        place.path() + (request.key().isEmpty() ? "" : '/' + Signer.encode(request.key(), true));
    String query = Signer.query(request.query());
    var signed =
        Signer.sign(
            new Signer.Request(
                request.method(),
                place.host(),
                path,
                request.query(),
                request.headers(),
                payload(request)),
            place.identity(request),
            epochSeconds);
    var head =
        new StringBuilder(request.method())
            .append(' ')
            .append(path)
            .append(query.isEmpty() ? "" : "?" + query)
            .append(" HTTP/1.1\r\nuser-agent: vaultlayer\r\naccept: */*\r\n");
    signed.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    if (request.body() != null) {
      head.append("content-length: ").append(request.body().bytes()).append("\r\n");
      if (!signed.containsKey("content-type")) {
        head.append("content-type: application/octet-stream\r\n");
      }
    }
    byte[] bytes = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    return exchanged(request, bytes, place.target(), line);
  }

  /** A kept connection may have been closed meanwhile; then the request goes over a fresh one. */
  private static Exchange exchanged(Request request, byte[] head, Wire.Target target, Line line)
      throws IOException {
    Wires.Lent lent = line.wires().take(target);
    var exchange = new Exchange(line, lent);
    try {
      exchange.run(request, head, line.throttle());
      return exchange;
    } catch (StoreException e) {
      throw e;
    } catch (IOException e) {
      line.stop().check();
      if (!lent.used() || exchange.answer.isHeard()) {
        throw e;
      }
    }
    var again = new Exchange(line, line.wires().fresh(target));
    again.run(request, head, line.throttle());
    return again;
  }

  int status() {
    return answer.status();
  }

  Optional<String> header(String name) {
    return answer.header(name);
  }

  /** The store's clock as its Date header tells it, in seconds of the epoch; 0 when it does not. */
  long date() {
    try {
      return ZonedDateTime.parse(header("date").orElse(""), DateTimeFormatter.RFC_1123_DATE_TIME)
          .toEpochSecond();
    } catch (DateTimeException e) {
      return 0;
    }
  }

  /** Whole body of a good answer, at most {@code most} bytes. */
  byte[] bytes(int most) throws IOException {
    byte[] all = upTo(most + 1L);
    if (all.length > most) {
      throw new StoreException.WrongSize("the answer has more than " + most + " bytes");
    }
    return all;
  }

  /** Some of a good answer's body; -1 at its end. Every read looks at the stop. */
  int read(ByteBuffer into) throws IOException {
    stop.check();
    return answer.read(into);
  }

  /** The start of a bad answer's body; reading it keeps the connection usable. */
  String error() {
    try {
      return new String(upTo(MOST_ERROR_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  private byte[] upTo(long most) throws IOException {
    var all = new ByteArrayOutputStream();
    var piece = ByteBuffer.allocate((int) Math.min(most, 16 << 10));
    while (all.size() < most) {
      piece.clear().limit((int) Math.min(piece.capacity(), most - all.size()));
      int got = read(piece);
      if (got < 0) {
        break;
      }
      all.write(piece.array(), 0, got);
    }
    return all.toByteArray();
  }

  /** The answer was taken; what little is left of it is read, and the connection kept. */
  void finish() {
    try {
      var rest = ByteBuffer.allocate(16 << 10);
      for (int drained = 0; !spoiled && !answer.leavesWireUsable() && drained < MOST_DRAINED; ) {
        int got = answer.read(rest.clear());
        if (got < 0) {
          break;
        }
        drained += got;
      }
    } catch (IOException e) {
      // Then it is not kept.
    }
    if (!spoiled && answer.leavesWireUsable()) {
      wires.giveBack(lent);
    } else {
      cut();
    }
  }

  /** Ends the exchange with what is still under way. */
  void cut() {
    lent.wire().close();
  }

  private void run(Request request, byte[] head, Throttle throttle) throws IOException {
    boolean good = false;
    boolean bodiless = request.method().equals("HEAD");
    try {
      stop.check();
      lent.wire().write(ByteBuffer.wrap(head));
      if (request.body() != null && !sent(request.body(), throttle)) {
        // Refused before all of it was read; the connection has no further use.
        spoiled = true;
        good = true;
        return;
      }
      answer.readHead(bodiless);
      good = true;
    } finally {
      if (!good) {
        cut();
      }
    }
  }

  /**
   * Sends the body. @return false when the store ended the connection and left an answer that says
   * why
   */
  private boolean sent(Body body, Throttle throttle) throws IOException {
    try {
      body.writeTo(new Pieces(throttle));
      return true;
    } catch (StoreException e) {
      throw e;
    } catch (IOException e) {
      stop.check();
      try {
        lent.wire().hurry(REFUSAL_MILLIS);
        answer.readHead(false);
      } catch (IOException nothing) {
        throw new CutWhileSending(e);
      }
      if (answer.status() / 100 == 2) {
        throw new CutWhileSending(e);
      }
      return false;
    }
  }

  private static String payload(Request request) {
    return request.body() == null ? NO_PAYLOAD : request.body().sha256().orElse(Signer.UNSIGNED);
  }

  /** Passes bytes on in pieces, and looks at the stop and at the rate before each. */
  private final class Pieces implements WritableByteChannel {
    private final Throttle throttle;

    Pieces(Throttle throttle) {
      this.throttle = throttle;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int all = bytes.remaining();
      int most = bytes.isDirect() ? PIECE : HEAP_PIECE;
      while (bytes.hasRemaining()) {
        int length = Math.min(most, bytes.remaining());
        stop.check();
        throttle.take(length, stop);
        lent.wire().write(bytes.slice(bytes.position(), length));
        bytes.position(bytes.position() + length);
      }
      return all;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
