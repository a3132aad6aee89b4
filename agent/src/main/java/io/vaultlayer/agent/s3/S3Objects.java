package io.vaultlayer.agent.s3;

import io.vaultlayer.agent.s3.Exchange.Request;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** An S3 bucket, addressed by path, with credentials that may be renewed at any moment. */
public final class S3Objects implements ObjectStore {
  private static final int MOST_ANSWER_BYTES = 4 << 20;
  private static final int COPY_BYTES = 128 << 10;

  private final Tries tries;

  /**
   * @param credentials asked before every try, so that a renewal takes effect in the middle of an
   *     upload
   */
  public S3Objects(Supplier<S3Credentials> credentials, Stop stop) {
    this(credentials, stop, Tries.USUAL, () -> System.currentTimeMillis() / 1000);
  }

  S3Objects(
      Supplier<S3Credentials> credentials, Stop stop, Tries.Pace pace, LongSupplier epochSeconds) {
    this.tries = new Tries(credentials, stop, pace, epochSeconds);
  }

  @Override
  public void put(String key, Body body) throws StoreException {
    tries.run("storing " + key, Request.of("PUT", key).body(body), x -> x.bytes(MOST_ANSWER_BYTES));
  }

  @Override
  public void putIfAbsent(String key, Body body) throws StoreException {
    var request = Request.of("PUT", key).header("if-none-match", "*").body(body);
    tries.run("creating " + key, request, x -> x.bytes(MOST_ANSWER_BYTES));
  }

  @Override
  public byte[] read(String key, int mostBytes) throws StoreException {
    return tries.run("reading " + key, Request.of("GET", key), x -> x.bytes(mostBytes));
  }

  @Override
  public long readInto(Sink sink, String key, long offset, long bytes) throws StoreException {
    var progress = new Progress(key, offset, offset + bytes);
    int cuts = 0;
    while (true) {
      long before = progress.at;
      var request =
          Request.of("GET", key).header("range", "bytes=" + before + "-" + (progress.end - 1));
      String trouble = tries.run("reading " + key, request, x -> copy(x, sink, progress));
      if (progress.at == progress.end) {
        return progress.total;
      }
      // What arrived is kept, and only a stretch without any progress counts against the bound.
      cuts = progress.at > before ? 0 : cuts + 1;
      if (cuts >= tries.most()) {
        throw new StoreException.Unreachable("reading " + key + ": " + trouble, null);
      }
      tries.pause(cuts);
    }
  }

  @Override
  public Optional<ObjectInfo> head(String key) throws StoreException {
    try {
      return tries.run(
          "looking at " + key,
          Request.of("HEAD", key),
          x -> {
            long bytes = Long.parseLong(x.header("content-length").orElse("-1"));
            return bytes < 0
                ? Optional.empty()
                : Optional.of(new ObjectInfo(key, bytes, x.header("etag").orElse("")));
          });
    } catch (StoreException.NotThere e) {
      return Optional.empty();
    }
  }

  @Override
  public Listing list(String prefix, Optional<String> next, int limit) throws StoreException {
    var request =
        Request.of("GET", "")
            .query("list-type", "2")
            .query("prefix", prefix)
            .query("max-keys", Integer.toString(Math.clamp(limit, 1, MOST_KEYS)));
    next.ifPresent(token -> request.query("continuation-token", token));
    String xml = tries.run("listing " + prefix, request, S3Objects::text);
    var objects = new ArrayList<ObjectInfo>();
    for (String one : Xml.inner(xml, "Contents", MOST_KEYS)) {
      objects.add(
          new ObjectInfo(
              Xml.text(one, "Key").orElseThrow(() -> unreadable("a listing without keys")),
              Long.parseLong(Xml.text(one, "Size").orElse("0").strip()),
              Xml.text(one, "ETag").orElse("")));
    }
    boolean more = Xml.text(xml, "IsTruncated").orElse("false").equals("true");
    return new Listing(
        List.copyOf(objects), more ? Xml.text(xml, "NextContinuationToken") : Optional.empty());
  }

  @Override
  public String createMultipart(String key) throws StoreException {
    var request =
        Request.of("POST", key)
            .query("uploads", "")
            .header("content-type", "application/octet-stream")
            .body(Body.of(new byte[0]));
    String xml = tries.run("opening an upload of " + key, request, S3Objects::text);
    Optional<String> id = Xml.text(xml, "UploadId");
    if (id.isEmpty()) {
      throw new StoreException.Refused("opening an upload of " + key + ": no id in the answer");
    }
    return id.get();
  }

  @Override
  public Part uploadPart(String key, String uploadId, int number, Body body) throws StoreException {
    var request =
        Request.of("PUT", key)
            .query("partNumber", Integer.toString(number))
            .query("uploadId", uploadId)
            .body(body);
    String etag =
        tries.run(
            "storing part " + number + " of " + key,
            request,
            x -> {
              x.bytes(MOST_ANSWER_BYTES);
              return x.header("etag").orElse("");
            });
    return new Part(number, etag);
  }

  @Override
  public void completeMultipart(String key, String uploadId, List<Part> parts, boolean ifAbsent)
      throws StoreException {
    var xml = new StringBuilder("<CompleteMultipartUpload>");
    for (Part part : parts) {
      xml.append("<Part><PartNumber>")
          .append(part.number())
          .append("</PartNumber><ETag>")
          .append(Xml.escape(part.etag()))
          .append("</ETag></Part>");
    }
    xml.append("</CompleteMultipartUpload>");
    var request =
        Request.of("POST", key)
            .query("uploadId", uploadId)
            .header("content-type", "application/xml")
            .body(Body.of(xml.toString().getBytes(StandardCharsets.UTF_8)));
    if (ifAbsent) {
      request.header("if-none-match", "*");
    }
    tries.run(
        "completing the upload of " + key,
        request,
        x -> {
          // The status was sent before the work was done; the verdict is in the body.
          String answer = text(x);
          if (answer.contains("<Error")) {
            throw new Broken("the store answered " + Xml.text(answer, "Code").orElse("an error"));
          }
          return answer;
        });
  }

  @Override
  public void abortMultipart(String key, String uploadId) throws StoreException {
    try {
      tries.run(
          "dropping the upload of " + key,
          Request.of("DELETE", key).query("uploadId", uploadId),
          x -> x.bytes(MOST_ANSWER_BYTES));
    } catch (StoreException.NotThere e) {
      // Gone is what was wanted.
    }
  }

  /** The answer's body broke off or was no answer: the request may be sent again. */
  static final class Broken extends IOException {
    private static final long serialVersionUID = 1L;

    Broken(String message) {
      super(message);
    }
  }

  /** How far a ranged read has come. */
  private static final class Progress {
    final String key;
    final long end;
    long at;
    long total;

    Progress(String key, long at, long end) {
      this.key = key;
      this.at = at;
      this.end = end;
    }
  }

  /** Copies what comes and says what broke it off, if anything did. */
  private static String copy(Exchange x, Sink sink, Progress progress) throws IOException {
    if (x.status() != 206 && progress.at != 0) {
      throw new StoreException.Refused(
          "reading " + progress.key + ": the store does not serve ranges");
    }
    progress.total = total(x);
    if (progress.total < progress.end) {
      throw new StoreException.WrongSize(
          "reading " + progress.key + ": it ends at byte " + progress.total);
    }
    byte[] buffer = new byte[COPY_BYTES];
    try (InputStream in = x.stream()) {
      while (progress.at < progress.end) {
        int got = readSome(in, buffer, (int) Math.min(buffer.length, progress.end - progress.at));
        write(sink, ByteBuffer.wrap(buffer, 0, got), progress);
      }
      if (x.status() != 206) {
        x.cut();
      }
    } catch (Broken e) {
      x.cut();
      return e.getMessage();
    }
    return "";
  }

  private static void write(Sink sink, ByteBuffer piece, Progress progress) throws StoreException {
    int length = piece.remaining();
    try {
      sink.write(piece, progress.at);
    } catch (IOException e) {
      throw new StoreException.SourceBroken(
          "keeping what " + progress.key + " holds: " + e.getMessage(), e);
    }
    progress.at += length;
  }

  private static int readSome(InputStream in, byte[] buffer, int most) throws IOException {
    int got;
    try {
      got = in.read(buffer, 0, most);
    } catch (StoreException e) {
      throw e;
    } catch (IOException e) {
      throw new Broken("the connection broke while the object was read");
    }
    if (got < 0) {
      throw new Broken("the object broke off");
    }
    return got;
  }

  private static long total(Exchange x) throws Broken {
    return x.header("content-range")
        .map(range -> range.substring(range.indexOf('/') + 1))
        .or(() -> x.header("content-length"))
        .filter(text -> !text.isEmpty() && text.chars().allMatch(Character::isDigit))
        .map(Long::parseLong)
        .orElseThrow(() -> new Broken("an answer without a length"));
  }

  private static String text(Exchange x) throws IOException {
    return new String(x.bytes(MOST_ANSWER_BYTES), StandardCharsets.UTF_8);
  }

  private static IllegalStateException unreadable(String what) {
    return new IllegalStateException("unreadable answer of the store: " + what);
  }
}
