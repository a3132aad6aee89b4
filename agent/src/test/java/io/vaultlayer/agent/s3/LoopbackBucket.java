package io.vaultlayer.agent.s3;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.zip.CRC32;

/**
 * An S3-like bucket in memory on loopback, with faults to order. It checks every signature, keeps
 * create-if-absent atomic and logs each call, so that a test can say what was sent and in which
 * order.
 */
public final class LoopbackBucket implements AutoCloseable {
  public static final String BUCKET = "vault";
  public static final String REGION = "us-test-1";
  private static final String SECRET = "not/a+secret";

  /** What goes wrong with a call. */
  public enum Fault {
    NONE,
    SERVER_ERROR,
    SLOW_DOWN,
    /** The connection ends before the body is read. */
    CUT,
    /** The effect happens, and the connection ends without an answer. */
    LOST_ANSWER,
    /** Half of the body is answered, then the connection ends. */
    CUT_ANSWER,
    REFUSED,
    /** The refusal is sent before the body is read, and the connection ends. */
    REFUSED_UNREAD,
    /** The body did not arrive as it was sent. */
    DAMAGED,
    /** It knows no checksums. */
    NO_CHECKSUMS,
    /** It does not know this request. */
    UNKNOWN,
    SLOW
  }

  /** A call as the log keeps it; {@code query} decoded. */
  public record Call(String method, String key, Map<String, String> query, long bytes) {
    public boolean isFor(String method, String keyPart) {
      return this.method.equals(method) && key.contains(keyPart);
    }
  }

  /** Decides about faults; asked once for each call, before its effect. */
  public interface Faults {
    Fault on(Call call);
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final LoopbackObjects content;
  private final Door door;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger mostInFlight = new AtomicInteger();
  private volatile Faults faults = call -> Fault.NONE;
  private volatile String accessKey = "AKLOOPBACK1";

  /** Decides who is let in. */
  public interface Door {
    /** Why not; empty: the call has its effect. */
    Optional<Reply> refusal(HttpExchange exchange, Call call, byte[] body);
  }

  /** What is answered. */
  public record Reply(int status, Map<String, String> headers, byte[] body) {
    static Reply error(int status, String code) {
      return error(status, code, "");
    }

    static Reply error(int status, String code, String message) {
      return new Reply(
          status,
          Map.of(),
          ("<?xml version=\"1.0\"?><Error><Code>"
                  + code
                  + "</Code><Message>"
                  + Xml.escape(message)
                  + "</Message></Error>")
              .getBytes(StandardCharsets.UTF_8));
    }

    static Reply xml(String text) {
      return new Reply(200, Map.of(), text.getBytes(StandardCharsets.UTF_8));
    }
  }

  public LoopbackBucket() throws IOException {
    this(Optional.empty(), LoopbackObjects.Manners.OF_S3);
  }

  /** A bucket of another make. */
  public LoopbackBucket(Optional<Door> door, LoopbackObjects.Manners manners) throws IOException {
    this.door = door.orElse((exchange, call, body) -> refusal(exchange, call));
    this.content = new LoopbackObjects(manners);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  public S3Credentials credentials() {
    return credentials(accessKey);
  }

  public S3Credentials credentials(String accessKeyId) {
    return new S3Credentials(
        endpoint(),
        REGION,
        BUCKET,
        accessKeyId,
        SECRET,
        "token-of-" + accessKeyId,
        "jobs/",
        "2030-01-01T00:00:00Z");
  }

  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Only this access key is good from now on. */
  public void accept(String accessKeyId) {
    accessKey = accessKeyId;
  }

  public void faults(Faults faults) {
    this.faults = faults;
  }

  /** A store with short waits. */
  public S3Objects store(Stop stop) {
    return store(stop, 0);
  }

  /** A store on a host whose clock is off. */
  S3Objects store(Stop stop, long offBySeconds) {
    return store(stop, offBySeconds, this::credentials);
  }

  /** A store that asks for its credentials elsewhere. */
  public S3Objects store(Stop stop, Supplier<S3Credentials> credentials) {
    return store(stop, 0, credentials);
  }

  private S3Objects store(Stop stop, long offBySeconds, Supplier<S3Credentials> credentials) {
    var pace =
        new Tries.Pace(5, Duration.ofMillis(5), Duration.ofMillis(20), Duration.ofSeconds(10));
    return new S3Objects(
        credentials::get,
        stop,
        Throttle.NONE,
        pace,
        () -> System.currentTimeMillis() / 1000 + offBySeconds);
  }

  public Map<String, byte[]> objects() {
    return content.objects();
  }

  public List<Call> calls() {
    return calls;
  }

  public long count(String method, String keyPart) {
    return calls.stream().filter(call -> call.isFor(method, keyPart)).count();
  }

  public int openUploads() {
    return uploads().size();
  }

  /** What is open, for tests that look into it or harm it. */
  public LoopbackUploads uploads() {
    return content.uploads();
  }

  /** Requests that are being answered. */
  public int inFlight() {
    return inFlight.get();
  }

  public int mostInFlight() {
    return mostInFlight.get();
  }

  private void handle(HttpExchange exchange) throws IOException {
    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    try (exchange) {
      var query = query(exchange.getRequestURI().getRawQuery());
      String path = exchange.getRequestURI().getPath();
      String key = path.length() <= BUCKET.length() + 2 ? "" : path.substring(BUCKET.length() + 2);
      long length = Long.parseLong(header(exchange, "Content-length", "0"));
      var call = new Call(exchange.getRequestMethod(), key, query, length);
      calls.add(call);
      Fault fault = faults.on(call);
      if (fault == Fault.CUT) {
        return;
      }
      if (fault == Fault.SLOW) {
        Thread.sleep(300);
      }
      if (fault == Fault.REFUSED_UNREAD) {
        answer(exchange, Reply.error(403, "AccessDenied"), fault);
        return;
      }
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (body.length != length) {
        return;
      }
      Reply answer = verdict(exchange, call, fault, body);
      if (fault != Fault.LOST_ANSWER) {
        answer(exchange, answer, fault);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      inFlight.decrementAndGet();
    }
  }

  private Reply verdict(HttpExchange exchange, Call call, Fault fault, byte[] body) {
    return switch (fault) {
      case SERVER_ERROR -> Reply.error(500, "InternalError");
      case SLOW_DOWN -> Reply.error(503, "SlowDown");
      case UNKNOWN -> Reply.error(501, "NotImplemented");
      case REFUSED, REFUSED_UNREAD -> Reply.error(403, "AccessDenied");
      case NO_CHECKSUMS ->
          header(exchange, "x-amz-checksum-crc32", "").isEmpty()
                  && header(exchange, "x-amz-checksum-algorithm", "").isEmpty()
              ? verdict(exchange, call, Fault.NONE, body)
              : Reply.error(501, "NotImplemented");
      case NONE, SLOW, LOST_ANSWER, CUT, CUT_ANSWER, DAMAGED -> {
        if (fault == Fault.DAMAGED && body.length > 0) {
          body[body.length / 2] ^= 1;
        }
        Optional<Reply> refusal = door.refusal(exchange, call, body);
        if (refusal.isEmpty() && !arrived(exchange, body)) {
          refusal = Optional.of(Reply.error(400, "BadDigest"));
        }
        yield refusal.orElseGet(() -> content.effect(exchange, call, body));
      }
    };
  }

  private Optional<Reply> refusal(HttpExchange exchange, Call call) {
    var signedNames = new ArrayList<String>();
    String authorization = header(exchange, "Authorization", "");
    int from = authorization.indexOf("SignedHeaders=") + "SignedHeaders=".length();
    signedNames.addAll(
        List.of(authorization.substring(from, authorization.indexOf(',', from)).split(";")));
    var headers = new TreeMap<String, String>();
    for (String name : signedNames) {
      headers.put(name, header(exchange, name, ""));
    }
    String host = headers.remove("host");
    String payload = headers.remove("x-amz-content-sha256");
    String date = headers.remove("x-amz-date");
    String token = headers.remove("x-amz-security-token");
    long at =
        LocalDateTime.parse(date, DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'"))
            .toEpochSecond(ZoneOffset.UTC);
    if (Math.abs(at - System.currentTimeMillis() / 1000) > 900) {
      return Optional.of(Reply.error(403, "RequestTimeTooSkewed"));
    }
    if (!token.equals("token-of-" + accessKey)) {
      return Optional.of(Reply.error(400, "ExpiredToken"));
    }
    var expected =
        Signer.sign(
            new Signer.Request(
                call.method(),
                host,
                exchange.getRequestURI().getRawPath(),
                new TreeMap<>(call.query()),
                headers,
                payload),
            new Signer.Identity(accessKey, SECRET, token, REGION),
            at);
    return expected.get("authorization").equals(authorization)
        ? Optional.empty()
        : Optional.of(Reply.error(403, "SignatureDoesNotMatch"));
  }

  /** What was sent with a checksum has it still. */
  private static boolean arrived(HttpExchange exchange, byte[] body) {
    String told = header(exchange, "x-amz-checksum-crc32", "");
    var crc = new CRC32();
    crc.update(body);
    byte[] bytes = ByteBuffer.allocate(4).putInt((int) crc.getValue()).array();
    return told.isEmpty() || told.equals(Base64.getEncoder().encodeToString(bytes));
  }

  private void answer(HttpExchange exchange, Reply answer, Fault fault) throws IOException {
    answer.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
    byte[] body = answer.body();
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-length", Integer.toString(body.length));
      exchange.sendResponseHeaders(answer.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      int length = fault == Fault.CUT_ANSWER ? body.length / 2 : body.length;
      exchange.getResponseBody().write(body, 0, length);
    }
  }

  static String header(HttpExchange exchange, String name, String otherwise) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? otherwise : value;
  }

  private static Map<String, String> query(String raw) {
    var query = new TreeMap<String, String>();
    if (raw != null) {
      for (String pair : raw.split("&")) {
        int at = pair.indexOf('=');
        query.put(
            URLDecoder.decode(at < 0 ? pair : pair.substring(0, at), StandardCharsets.UTF_8),
            at < 0 ? "" : URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
      }
    }
    return query;
  }
}
