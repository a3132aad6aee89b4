import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An S3 server that throws away what it is sent: the least that a server can cost. It remembers
 * names and sizes, so that clients which list or look afterwards are satisfied, and keeps objects
 * of up to 1 MiB whose keys end in .json or .gz, so that a manifest can be read back. It checks no
 * signature and no digest.
 *
 * <p>{@code java Discard.java PORT}; says READY and then serves until it is killed.
 */
public final class Discard {
  private static final int MOST_KEPT = 1 << 20;
  private static final int PAGE = 1000;

  /** No MD5, as with a store that encrypts: a client must not compare it with one. */
  private static final String ETAG = "\"0123456789abcdef0123456789abcdef-1\"";

  private static final ConcurrentSkipListMap<String, Long> SIZES = new ConcurrentSkipListMap<>();
  private static final Map<String, byte[]> KEPT = new ConcurrentHashMap<>();
  private static final Map<String, AtomicLong> UPLOADS = new ConcurrentHashMap<>();
  private static final AtomicInteger IDS = new AtomicInteger();
  private static final Set<String> BODILESS = Set.of("GET", "HEAD", "DELETE");

  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(arguments[0]);
    try (var server = new ServerSocket(port, 256, InetAddress.getLoopbackAddress())) {
      System.out.println("READY");
      while (true) {
        Socket socket = server.accept();
        Thread.ofPlatform().daemon().start(() -> serve(socket));
      }
    }
  }

  private record Request(
      String method, String key, Map<String, String> query, Map<String, String> headers) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  private static void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      var in = new Buffered(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (true) {
        Request request = head(in);
        if (request == null) {
          return;
        }
        answer(request, in, out);
      }
    } catch (IOException e) {
      // The client went away.
    }
  }

  /** Reads heads line by line and bodies in large pieces from the same stream. */
  private static final class Buffered {
    final InputStream in;
    final byte[] buffer = new byte[256 << 10];
    int from;
    int to;

    Buffered(InputStream in) {
      this.in = in;
    }

    boolean fill() throws IOException {
      from = 0;
      to = Math.max(0, in.read(buffer, 0, buffer.length));
      return to > 0;
    }

    String line() throws IOException {
      var text = new StringBuilder();
      while (true) {
        if (from == to && !fill()) {
          return null;
        }
        char c = (char) (buffer[from++] & 0xff);
        if (c == '\n') {
          return text.toString();
        }
        if (c != '\r') {
          text.append(c);
        }
      }
    }

    void body(long length, byte[] into) throws IOException {
      for (long done = 0; done < length; ) {
        if (from == to && !fill()) {
          throw new IOException("the body broke off");
        }
        int piece = (int) Math.min(to - from, length - done);
        if (into != null) {
          System.arraycopy(buffer, from, into, (int) done, piece);
        }
        from += piece;
        done += piece;
      }
    }
  }

  private static Request head(Buffered in) throws IOException {
    String first = in.line();
    if (first == null || first.isEmpty()) {
      return null;
    }
    var headers = new TreeMap<String, String>();
    for (String line = in.line(); line != null && !line.isEmpty(); line = in.line()) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon).toLowerCase(), line.substring(colon + 1).strip());
    }
    String[] words = first.split(" ");
    int mark = words[1].indexOf('?');
    String path = decoded(mark < 0 ? words[1] : words[1].substring(0, mark));
    var query = new TreeMap<String, String>();
    if (mark >= 0) {
      for (String pair : words[1].substring(mark + 1).split("&")) {
        int at = pair.indexOf('=');
        query.put(at < 0 ? pair : pair.substring(0, at), at < 0 ? "" : decoded(pair.substring(at + 1)));
      }
    }
    int slash = path.indexOf('/', 1);
    return new Request(words[0], slash < 0 ? "" : path.substring(slash + 1), query, headers);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static void answer(Request request, Buffered in, OutputStream out) throws IOException {
    String length = request.header("content-length");
    long bytes = length.isEmpty() || BODILESS.contains(request.method()) ? 0 : Long.parseLong(length);
    if (request.header("expect").equalsIgnoreCase("100-continue")) {
      out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    String key = request.key();
    boolean keep = bytes <= MOST_KEPT && (key.endsWith(".json") || key.endsWith(".gz"));
    byte[] content = keep ? new byte[(int) bytes] : null;
    in.body(bytes, content);
    String plain = request.header("x-amz-decoded-content-length");
    long size = plain.isEmpty() ? bytes : Long.parseLong(plain);
    switch (request.method()) {
      case "PUT" -> put(request, size, content, out);
      case "POST" -> post(request, out);
      case "DELETE" -> {
        SIZES.remove(key);
        send(out, "204 No Content", "", new byte[0], true);
      }
      case "HEAD" -> {
        Long known = SIZES.get(key);
        if (key.isEmpty()) {
          send(out, "200 OK", "", new byte[0], true);
        } else if (known == null) {
          send(out, "404 Not Found", "", new byte[0], true);
        } else {
          head(out, "200 OK", "ETag: " + ETAG + "\r\nLast-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\n", known);
        }
      }
      default -> get(request, out);
    }
  }

  private static void put(Request request, long size, byte[] content, OutputStream out)
      throws IOException {
    String upload = request.query().get("uploadId");
    String copied = request.header("x-amz-copy-source");
    if (upload != null) {
      long part = copied.isEmpty() ? size : range(request.header("x-amz-copy-source-range"));
      UPLOADS.computeIfAbsent(upload, u -> new AtomicLong()).addAndGet(part);
    } else {
      if (request.header("if-none-match").equals("*") && SIZES.containsKey(request.key())) {
        xml(out, "412 Precondition Failed", "<Error><Code>PreconditionFailed</Code></Error>");
        return;
      }
      String source = decoded(copied.startsWith("/") ? copied.substring(1) : copied);
      Long same = copied.isEmpty() ? size : SIZES.get(source.substring(source.indexOf('/') + 1));
      SIZES.put(request.key(), same == null ? 0L : same);
      if (content != null) {
        KEPT.put(request.key(), content);
      }
    }
    if (copied.isEmpty()) {
      send(out, "200 OK", "ETag: " + ETAG + "\r\n", new byte[0], true);
    } else {
      String name = upload == null ? "CopyObjectResult" : "CopyPartResult";
      xml(out, "200 OK", "<" + name + "><LastModified>2026-11-21T12:00:00.000Z</LastModified><ETag>" + ETAG + "</ETag></" + name + ">");
    }
  }

  private static long range(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    String[] ends = text.substring("bytes=".length()).split("-");
    return Long.parseLong(ends[1]) - Long.parseLong(ends[0]) + 1;
  }

  private static void post(Request request, OutputStream out) throws IOException {
    if (request.query().containsKey("uploads")) {
      String id = "u" + IDS.incrementAndGet();
      UPLOADS.put(id, new AtomicLong());
      xml(out, "200 OK", "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>" + request.key() + "</Key><UploadId>" + id + "</UploadId></InitiateMultipartUploadResult>");
      return;
    }
    AtomicLong upload = UPLOADS.remove(request.query().getOrDefault("uploadId", ""));
    if (upload != null) {
      SIZES.put(request.key(), upload.get());
    }
    xml(out, "200 OK", "<CompleteMultipartUploadResult><Key>" + request.key() + "</Key><ETag>" + ETAG + "</ETag></CompleteMultipartUploadResult>");
  }

  private static void get(Request request, OutputStream out) throws IOException {
    if (!request.key().isEmpty()) {
      byte[] content = KEPT.get(request.key());
      if (content == null) {
        xml(out, "404 Not Found", "<Error><Code>NoSuchKey</Code></Error>");
      } else {
        send(out, "200 OK", "ETag: " + ETAG + "\r\nLast-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\n", content, false);
      }
      return;
    }
    String prefix = request.query().getOrDefault("prefix", "");
    String delimiter = request.query().getOrDefault("delimiter", "");
    String after = request.query().getOrDefault("continuation-token", request.query().getOrDefault("marker", ""));
    var contents = new StringBuilder();
    var folders = new StringBuilder();
    String folder = "";
    String last = "";
    int count = 0;
    boolean more = false;
    for (var entry : SIZES.tailMap(after.isEmpty() ? prefix : after, after.isEmpty()).entrySet()) {
      if (!entry.getKey().startsWith(prefix)) {
        break;
      }
      if (count == PAGE) {
        more = true;
        break;
      }
      last = entry.getKey();
      int cut = delimiter.isEmpty() ? -1 : last.indexOf(delimiter, prefix.length());
      if (cut >= 0) {
        String name = last.substring(0, cut + delimiter.length());
        if (!name.equals(folder)) {
          folder = name;
          folders.append("<CommonPrefixes><Prefix>").append(name).append("</Prefix></CommonPrefixes>");
        }
        continue;
      }
      count++;
      contents.append("<Contents><Key>").append(last).append("</Key><LastModified>2026-11-21T12:00:00.000Z</LastModified><ETag>").append(ETAG).append("</ETag><Size>").append(entry.getValue()).append("</Size><StorageClass>STANDARD</StorageClass></Contents>");
    }
    xml(out, "200 OK", "<ListBucketResult><Name>b</Name><Prefix>" + prefix + "</Prefix><KeyCount>" + count + "</KeyCount><MaxKeys>" + PAGE + "</MaxKeys><IsTruncated>" + more + "</IsTruncated>" + contents + folders
        + (more ? "<NextContinuationToken>" + last + "</NextContinuationToken><NextMarker>" + last + "</NextMarker>" : "") + "</ListBucketResult>");
  }

  private static void xml(OutputStream out, String status, String text) throws IOException {
    send(out, status, "Content-Type: application/xml\r\n", ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text).getBytes(StandardCharsets.UTF_8), false);
  }

  private static void head(OutputStream out, String status, String headers, long length) throws IOException {
    out.write(("HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  private static void send(OutputStream out, String status, String headers, byte[] body, boolean empty) throws IOException {
    String head = "HTTP/1.1 " + status + "\r\n" + headers + (status.startsWith("204") ? "" : "Content-Length: " + body.length + "\r\n") + "\r\n";
    byte[] first = head.getBytes(StandardCharsets.US_ASCII);
    byte[] all = java.util.Arrays.copyOf(first, first.length + (empty ? 0 : body.length));
    System.arraycopy(body, 0, all, first.length, empty ? 0 : body.length);
    out.write(all);
  }

  private Discard() {}
}
