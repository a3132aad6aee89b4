package io.vaultlayer.agent.s3;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.ByteArrayOutputStream;
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
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
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

  private record Upload(String key, Map<Integer, byte[]> parts) {}

  private record Answer(int status, Map<String, String> headers, byte[] body) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();
  private final Map<String, Upload> uploads = new ConcurrentHashMap<>();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final AtomicInteger ids = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger mostInFlight = new AtomicInteger();
  private volatile Faults faults = call -> Fault.NONE;
  private volatile String accessKey = "AKLOOPBACK1";

  public LoopbackBucket() throws IOException {
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
        "http://127.0.0.1:" + server.getAddress().getPort(),
        REGION,
        BUCKET,
        accessKeyId,
        SECRET,
        "token-of-" + accessKeyId,
        "jobs/",
        "2030-01-01T00:00:00Z");
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
    var pace =
        new Tries.Pace(5, Duration.ofMillis(5), Duration.ofMillis(20), Duration.ofSeconds(10));
    return new S3Objects(
        this::credentials,
        stop,
        Throttle.NONE,
        pace,
        () -> System.currentTimeMillis() / 1000 + offBySeconds);
  }

  public Map<String, byte[]> objects() {
    return objects;
  }

  public List<Call> calls() {
    return calls;
  }

  public long count(String method, String keyPart) {
    return calls.stream().filter(call -> call.isFor(method, keyPart)).count();
  }

  public int openUploads() {
    return uploads.size();
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
        answer(exchange, error(403, "AccessDenied"), fault);
        return;
      }
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (body.length != length) {
        return;
      }
      Answer answer = verdict(exchange, call, fault, body);
      if (fault != Fault.LOST_ANSWER) {
        answer(exchange, answer, fault);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      inFlight.decrementAndGet();
    }
  }

  private Answer verdict(HttpExchange exchange, Call call, Fault fault, byte[] body) {
    return switch (fault) {
      case SERVER_ERROR -> error(500, "InternalError");
      case SLOW_DOWN -> error(503, "SlowDown");
      case REFUSED, REFUSED_UNREAD -> error(403, "AccessDenied");
      case NO_CHECKSUMS ->
          header(exchange, "x-amz-checksum-crc32", "").isEmpty()
                  && header(exchange, "x-amz-checksum-algorithm", "").isEmpty()
              ? verdict(exchange, call, Fault.NONE, body)
              : error(501, "NotImplemented");
      case NONE, SLOW, LOST_ANSWER, CUT, CUT_ANSWER, DAMAGED -> {
        if (fault == Fault.DAMAGED && body.length > 0) {
          body[body.length / 2] ^= 1;
        }
        Answer refusal = refusal(exchange, call);
        if (refusal == null && !arrived(exchange, body)) {
          refusal = error(400, "BadDigest");
        }
        yield refusal != null ? refusal : effect(exchange, call, body);
      }
    };
  }

  private Answer refusal(HttpExchange exchange, Call call) {
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
      return error(403, "RequestTimeTooSkewed");
    }
    if (!token.equals("token-of-" + accessKey)) {
      return error(403, "ExpiredToken");
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
        ? null
        : error(403, "SignatureDoesNotMatch");
  }

  /** What was sent with a checksum has it still. */
  private static boolean arrived(HttpExchange exchange, byte[] body) {
    String told = header(exchange, "x-amz-checksum-crc32", "");
    var crc = new CRC32();
    crc.update(body);
    byte[] bytes = ByteBuffer.allocate(4).putInt((int) crc.getValue()).array();
    return told.isEmpty() || told.equals(Base64.getEncoder().encodeToString(bytes));
  }

  private Answer effect(HttpExchange exchange, Call call, byte[] body) {
    boolean ifAbsent = "*".equals(header(exchange, "If-None-Match", ""));
    return switch (call.method()) {
      case "PUT" ->
          call.query().containsKey("uploadId")
              ? part(exchange, call, body)
              : put(call.key(), body, ifAbsent);
      case "POST" ->
          call.query().containsKey("uploads") ? open(call) : complete(call, body, ifAbsent);
      case "GET" -> call.key().isEmpty() ? list(call) : get(exchange, call.key());
      case "HEAD" -> get(exchange, call.key());
      case "DELETE" -> {
        boolean known = uploads.remove(call.query().get("uploadId")) != null;
        yield known ? new Answer(204, Map.of(), new byte[0]) : error(404, "NoSuchUpload");
      }
      default -> error(405, "MethodNotAllowed");
    };
  }

  private Answer put(String key, byte[] body, boolean ifAbsent) {
    if (ifAbsent && objects.putIfAbsent(key, body) != null) {
      return error(412, "PreconditionFailed");
    }
    if (!ifAbsent) {
      objects.put(key, body);
    }
    return new Answer(200, Map.of("ETag", etag(body)), new byte[0]);
  }

  private Answer open(Call call) {
    String id = "upload-" + ids.incrementAndGet();
    uploads.put(id, new Upload(call.key(), new ConcurrentHashMap<>()));
    return xml(
        "<InitiateMultipartUploadResult><UploadId>"
            + id
            + "</UploadId></InitiateMultipartUploadResult>");
  }

  private Answer part(HttpExchange exchange, Call call, byte[] body) {
    Upload upload = uploads.get(call.query().get("uploadId"));
    if (upload == null || !upload.key().equals(call.key())) {
      return error(404, "NoSuchUpload");
    }
    int number = Integer.parseInt(call.query().get("partNumber"));
    String source = header(exchange, "x-amz-copy-source", "");
    if (source.isEmpty()) {
      upload.parts().put(number, body);
      return new Answer(200, Map.of("ETag", etag(body)), new byte[0]);
    }
    byte[] all =
        objects.get(
            URLDecoder.decode(source, StandardCharsets.UTF_8).substring(2 + BUCKET.length()));
    if (all == null) {
      return error(404, "NoSuchKey");
    }
    String[] ends = header(exchange, "x-amz-copy-source-range", "").substring(6).split("-");
    byte[] copy = Arrays.copyOfRange(all, Integer.parseInt(ends[0]), Integer.parseInt(ends[1]) + 1);
    upload.parts().put(number, copy);
    return xml("<CopyPartResult><ETag>" + etag(copy) + "</ETag></CopyPartResult>");
  }

  private Answer complete(Call call, byte[] body, boolean ifAbsent) {
    String id = call.query().get("uploadId");
    Upload upload = uploads.get(id);
    if (upload == null) {
      return error(404, "NoSuchUpload");
    }
    String xml = new String(body, StandardCharsets.UTF_8);
    var whole = new ByteArrayOutputStream();
    for (String part : Xml.inner(xml, "Part", 10_000)) {
      byte[] bytes =
          upload.parts().get(Integer.parseInt(Xml.text(part, "PartNumber").orElseThrow()));
      if (bytes == null || !etag(bytes).equals(Xml.text(part, "ETag").orElseThrow())) {
        return error(400, "InvalidPart");
      }
      whole.writeBytes(bytes);
    }
    Answer answer = put(call.key(), whole.toByteArray(), ifAbsent);
    if (answer.status() == 200) {
      uploads.remove(id);
      return xml("<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>");
    }
    return answer;
  }

  private Answer get(HttpExchange exchange, String key) {
    byte[] all = objects.get(key);
    if (all == null) {
      return error(404, "NoSuchKey");
    }
    String range = header(exchange, "Range", "");
    if (range.isEmpty()) {
      return new Answer(200, Map.of("ETag", etag(all)), all);
    }
    String[] ends = range.substring("bytes=".length()).split("-");
    int from = Integer.parseInt(ends[0]);
    if (from >= all.length) {
      return error(416, "InvalidRange");
    }
    int to = Math.min(all.length, Integer.parseInt(ends[1]) + 1);
    return new Answer(
        206,
        Map.of("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + all.length),
        Arrays.copyOfRange(all, from, to));
  }

  private Answer list(Call call) {
    int most = Integer.parseInt(call.query().get("max-keys"));
    String after = call.query().getOrDefault("continuation-token", "");
    var xml = new StringBuilder("<ListBucketResult>");
    int found = 0;
    String last = "";
    boolean more = false;
    for (var entry : objects.tailMap(after, false).entrySet()) {
      if (!entry.getKey().startsWith(call.query().get("prefix"))) {
        continue;
      }
      if (found == most) {
        more = true;
        break;
      }
      found++;
      last = entry.getKey();
      xml.append("<Contents><Key>")
          .append(Xml.escape(last))
          .append("</Key><Size>")
          .append(entry.getValue().length)
          .append("</Size><ETag>&quot;e&quot;</ETag></Contents>");
    }
    xml.append("<IsTruncated>").append(more).append("</IsTruncated>");
    if (more) {
      xml.append("<NextContinuationToken>")
          .append(Xml.escape(last))
          .append("</NextContinuationToken>");
    }
    return xml(xml.append("</ListBucketResult>").toString());
  }

  private void answer(HttpExchange exchange, Answer answer, Fault fault) throws IOException {
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

  private static Answer error(int status, String code) {
    return new Answer(
        status,
        Map.of(),
        ("<?xml version=\"1.0\"?><Error><Code>" + code + "</Code></Error>")
            .getBytes(StandardCharsets.UTF_8));
  }

  private static Answer xml(String text) {
    return new Answer(200, Map.of(), text.getBytes(StandardCharsets.UTF_8));
  }

  private static String etag(byte[] body) {
    return '"' + Hex.of(Hex.sha256(body)).substring(0, 32) + '"';
  }

  private static String header(HttpExchange exchange, String name, String otherwise) {
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
