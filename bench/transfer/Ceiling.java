import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The same requests to the same server over as many connections, by a client that neither reads a
 * file nor takes a digest: what is left for a real client to lose. It sends one buffer again and
 * again, or throws away what it gets.
 *
 * <p>{@code java Ceiling.java put|get ENDPOINT BUCKET PREFIX ACCESS SECRET COUNT BYTES PART
 * CONNECTIONS}: COUNT objects of BYTES, in parts (or ranges) of PART where they are larger. Prints
 * one line of JSON; a warm-up of a few small requests is not counted.
 */
public final class Ceiling {
  private static final byte[] BUFFER = new byte[256 << 10];

  private static URI endpoint;
  private static String bucket;
  private static String access;
  private static String secret;

  public static void main(String[] a) throws Exception {
    boolean put = a[0].equals("put");
    endpoint = URI.create(a[1]);
    bucket = a[2];
    String prefix = a[3];
    access = a[4];
    secret = a[5];
    int count = Integer.parseInt(a[6]);
    long bytes = Long.parseLong(a[7]);
    long part = Long.parseLong(a[8]);
    int connections = Integer.parseInt(a[9]);
    var tasks = new ArrayList<List<Callable<Object>>>();
    for (int n = 0; n < count; n++) {
      String key = prefix + "f%05d.bin".formatted(n);
      tasks.add(put ? putting(key, bytes, part) : getting(key, bytes, part));
    }
    try (var threads = Executors.newFixedThreadPool(connections)) {
      if (put) {
        for (var warm : threads.invokeAll(putting(prefix + "warm", 1 << 10, part))) {
          warm.get();
        }
      }
      long cpu = cpu();
      long began = System.nanoTime();
      run(threads, tasks);
      System.out.printf(
          "{\"wallSeconds\":%.4f,\"cpuSeconds\":%.4f}%n",
          (System.nanoTime() - began) / 1e9, (cpu() - cpu) / 1e9);
    }
    System.exit(0);
  }

  private static void run(
      java.util.concurrent.ExecutorService threads, List<List<Callable<Object>>> tasks)
      throws Exception {
    var flat = new ArrayList<Future<Object>>();
    for (var object : tasks) {
      for (var task : object) {
        flat.add(threads.submit(task));
      }
    }
    for (var one : flat) {
      one.get();
    }
    for (Callable<Object> last : LAST) {
      last.call();
    }
  }

  private static final List<Callable<Object>> LAST = new ArrayList<>();

  private static List<Callable<Object>> putting(String key, long bytes, long part) throws Exception {
    var tasks = new ArrayList<Callable<Object>>();
    if (bytes <= part) {
      tasks.add(() -> connection().call("PUT", key, Map.of(), bytes, null));
      return tasks;
    }
    String answer = connection().call("POST", key, Map.of("uploads", ""), 0, null).text();
    String id = between(answer, "<UploadId>", "</UploadId>");
    int parts = (int) ((bytes + part - 1) / part);
    String[] tags = new String[parts];
    for (int n = 0; n < parts; n++) {
      int number = n;
      tasks.add(() -> {
        long length = Math.min(part, bytes - part * number);
        var query = Map.of("partNumber", Integer.toString(number + 1), "uploadId", id);
        tags[number] = connection().call("PUT", key, query, length, null).headers.get("etag");
        return null;
      });
    }
    LAST.add(() -> {
      var xml = new StringBuilder("<CompleteMultipartUpload>");
      for (int n = 0; n < parts; n++) {
        xml.append("<Part><PartNumber>" + (n + 1) + "</PartNumber><ETag>" + tags[n] + "</ETag></Part>");
      }
      byte[] body = xml.append("</CompleteMultipartUpload>").toString().getBytes(StandardCharsets.UTF_8);
      return connection().call("POST", key, Map.of("uploadId", id), body.length, body);
    });
    return tasks;
  }

  private static List<Callable<Object>> getting(String key, long bytes, long part) {
    var tasks = new ArrayList<Callable<Object>>();
    for (long at = 0; at < bytes; at += part) {
      String range = "bytes=" + at + "-" + (Math.min(bytes, at + part) - 1);
      tasks.add(() -> connection().get(key, range));
    }
    return tasks;
  }

  private static String between(String text, String from, String to) {
    int at = text.indexOf(from) + from.length();
    return text.substring(at, text.indexOf(to, at));
  }

  private static final ThreadLocal<Connection> CONNECTIONS = new ThreadLocal<>();

  private static Connection connection() throws IOException {
    if (CONNECTIONS.get() == null) {
      CONNECTIONS.set(new Connection());
    }
    return CONNECTIONS.get();
  }

  private record Answer(Map<String, String> headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  private static final class Connection {
    final Socket socket = new Socket(endpoint.getHost(), endpoint.getPort());
    final InputStream in = socket.getInputStream();
    final OutputStream out = socket.getOutputStream();
    final byte[] buffer = new byte[256 << 10];
    int from;
    int to;

    Connection() throws IOException {
      socket.setTcpNoDelay(true);
    }

    Answer call(String method, String key, Map<String, String> query, long length, byte[] body)
        throws Exception {
      send(method, key, query, length, "");
      if (body != null) {
        out.write(body);
      } else {
        for (long done = 0; done < length; ) {
          int piece = (int) Math.min(BUFFER.length, length - done);
          out.write(BUFFER, 0, piece);
          done += piece;
        }
      }
      return answer(true);
    }

    Answer get(String key, String range) throws Exception {
      send("GET", key, Map.of(), -1, range);
      return answer(false);
    }

    private void send(String method, String key, Map<String, String> query, long length, String range)
        throws Exception {
      String path = "/" + bucket + "/" + key;
      String text = query(query);
      String time = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC).format(Instant.now());
      String host = endpoint.getHost() + ":" + endpoint.getPort();
      String names = "host;x-amz-content-sha256;x-amz-date";
      String canonical = method + "\n" + path + "\n" + text + "\nhost:" + host + "\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:" + time + "\n\n" + names + "\nUNSIGNED-PAYLOAD";
      String scope = time.substring(0, 8) + "/us-east-1/s3/aws4_request";
      String toSign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + hex(MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(StandardCharsets.UTF_8)));
      byte[] k = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
      for (String p : new String[] {time.substring(0, 8), "us-east-1", "s3", "aws4_request"}) {
        k = hmac(k, p);
      }
      String head = method + " " + path + (text.isEmpty() ? "" : "?" + text) + " HTTP/1.1\r\nHost: " + host + "\r\nx-amz-date: " + time + "\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
          + (length < 0 ? "" : "Content-Length: " + length + "\r\nContent-Type: application/octet-stream\r\n") + (range.isEmpty() ? "" : "Range: " + range + "\r\n")
          + "Authorization: AWS4-HMAC-SHA256 Credential=" + access + "/" + scope + ",SignedHeaders=" + names + ",Signature=" + hex(hmac(k, toSign)) + "\r\n\r\n";
      out.write(head.getBytes(StandardCharsets.US_ASCII));
    }

    private Answer answer(boolean keep) throws IOException {
      String status = line();
      var headers = new TreeMap<String, String>();
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        headers.put(line.substring(0, colon).toLowerCase(), line.substring(colon + 1).strip());
      }
      var body = new java.io.ByteArrayOutputStream();
      if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
        for (long size = Long.parseLong(line(), 16); size > 0; size = Long.parseLong(line(), 16)) {
          take(size, keep ? body : null);
          line();
        }
        line();
      } else {
        take(Long.parseLong(headers.getOrDefault("content-length", "0")), keep ? body : null);
      }
      if (!status.split(" ")[1].startsWith("2")) {
        throw new IOException(status + " " + body);
      }
      return new Answer(headers, body.toByteArray());
    }

    private void take(long length, OutputStream into) throws IOException {
      for (long done = 0; done < length; ) {
        if (from == to) {
          fill();
        }
        int piece = (int) Math.min(to - from, length - done);
        if (into != null) {
          into.write(buffer, from, piece);
        }
        from += piece;
        done += piece;
      }
    }

    private void fill() throws IOException {
      from = 0;
      to = in.read(buffer, 0, buffer.length);
      if (to <= 0) {
        throw new IOException("the server closed the connection");
      }
    }

    private String line() throws IOException {
      var text = new StringBuilder();
      while (true) {
        if (from == to) {
          fill();
        }
        char c = (char) buffer[from++];
        if (c == '\n') {
          return text.toString();
        }
        if (c != '\r') {
          text.append(c);
        }
      }
    }
  }

  private static String query(Map<String, String> query) {
    var text = new StringBuilder();
    new TreeMap<>(query).forEach((name, value) ->
        text.append(text.isEmpty() ? "" : "&").append(name).append('=').append(java.net.URLEncoder.encode(value, StandardCharsets.UTF_8)));
    return text.toString();
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static long cpu() {
    var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime();
  }

  private Ceiling() {}
}
