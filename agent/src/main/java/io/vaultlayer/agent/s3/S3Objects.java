package io.vaultlayer.agent.s3;

import io.vaultlayer.agent.s3.Exchange.Request;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** An S3 bucket, addressed by path, with credentials that may be renewed at any moment. */
public final class S3Objects implements ObjectStore {
  private static final int MOST_ANSWER_BYTES = 4 << 20;
  private static final int COPY_BYTES = 256 << 10;
  private static final String CRC = "x-amz-checksum-crc32";

  private final Tries tries;

  /** Until a store says that it knows no checksums. */
  private volatile boolean checksums = true;

  /**
   * @param credentials asked before every try, so that a renewal takes effect in the middle of an
   *     upload
   */
  public S3Objects(Supplier<S3Credentials> credentials, Stop stop) {
    this(credentials, stop, Throttle.NONE);
  }

  /**
   * @param throttle for the bodies that are sent
   */
  public S3Objects(Supplier<S3Credentials> credentials, Stop stop, Throttle throttle) {
    this(credentials, stop, throttle, Tries.USUAL, () -> System.currentTimeMillis() / 1000);
  }

  S3Objects(
      Supplier<S3Credentials> credentials,
      Stop stop,
      Throttle throttle,
      Tries.Pace pace,
      LongSupplier epochSeconds) {
    this.tries = new Tries(credentials, stop, pace, epochSeconds, throttle);
  }

  @Override
  public void put(String key, Body body) throws StoreException {
    tries.run("storing " + key, Request.of("PUT", key).body(body), x -> x.bytes(MOST_ANSWER_BYTES));
  }

  @Override
  public void putIfAbsent(String key, Body body) throws StoreException {
    checked(
        "creating " + key,
        () -> Request.of("PUT", key).header("if-none-match", "*").body(body),
        body.crc32(),
        x -> x.bytes(MOST_ANSWER_BYTES));
  }

  /** A request with its body's checksum, or without where the store does not take one. */
  private <T> T checked(
      String doing, Supplier<Request> request, OptionalLong crc32, Exchange.Reader<T> reader)
      throws StoreException {
    if (!checksums || crc32.isEmpty()) {
      return tries.run(doing, request.get(), reader);
    }
    try {
      return tries.run(doing, request.get().header(CRC, base64(crc32.getAsLong())), reader);
    } catch (StoreException.Refused e) {
      checksums = false;
      return tries.run(doing, request.get(), reader);
    }
  }

  private static String base64(long crc32) {
    byte[] bytes = ByteBuffer.allocate(4).putInt((int) crc32).array();
    return Base64.getEncoder().encodeToString(bytes);
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
    Supplier<Request> plain =
        () ->
            Request.of("POST", key)
                .query("uploads", "")
                .header("content-type", "application/octet-stream")
                .body(Body.of(new byte[0]));
    String doing = "opening an upload of " + key;
    String xml;
    try {
      Request first =
          checksums ? plain.get().header("x-amz-checksum-algorithm", "CRC32") : plain.get();
      xml = tries.run(doing, first, S3Objects::text);
    } catch (StoreException.Refused e) {
      if (!checksums) {
        throw e;
      }
      checksums = false;
      xml = tries.run(doing, plain.get(), S3Objects::text);
    }
    Optional<String> id = Xml.text(xml, "UploadId");
    if (id.isEmpty()) {
      throw new StoreException.Refused(doing + ": no id in the answer");
    }
    return id.get();
  }

  @Override
  public Part uploadPart(String key, String uploadId, int number, Body body) throws StoreException {
    var request = part(key, uploadId, number).body(body);
    String crc32 = checksums && body.crc32().isPresent() ? base64(body.crc32().getAsLong()) : "";
    if (!crc32.isEmpty()) {
      request.header(CRC, crc32);
    }
    String doing = "storing part " + number + " of " + key;
    try {
      String etag =
          tries.run(
              doing,
              request,
              x -> {
                x.bytes(MOST_ANSWER_BYTES);
                return x.header("etag").orElse("");
              });
      return new Part(number, etag, crc32);
    } catch (StoreException.Refused e) {
      if (crc32.isEmpty()) {
        throw e;
      }
      // The upload was opened for checksums: it has to be opened again without.
      checksums = false;
      throw new StoreException.Unreachable(
          doing + ": refused with a checksum: " + e.getMessage(), e);
    }
  }

  @Override
  public Part copyPart(
      String key, String uploadId, int number, String source, long offset, long bytes, long crc32)
      throws StoreException {
    var request =
        part(key, uploadId, number)
            .header("x-amz-copy-source-range", "bytes=" + offset + "-" + (offset + bytes - 1));
    String xml =
        tries.run(
            "copying part " + number + " of " + key,
            bucket ->
                request.header(
                    "x-amz-copy-source",
                    '/' + Signer.encode(bucket, false) + '/' + Signer.encode(source, true)),
            S3Objects::answered);
    return new Part(
        number,
        Xml.text(xml, "ETag").orElseThrow(() -> unreadable("a copied part without a tag")),
        checksums ? base64(crc32) : "");
  }

  private static Request part(String key, String uploadId, int number) {
    return Request.of("PUT", key)
        .query("partNumber", Integer.toString(number))
        .query("uploadId", uploadId);
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
          .append("</ETag>")
          .append(
              part.crc32().isEmpty() ? "" : "<ChecksumCRC32>" + part.crc32() + "</ChecksumCRC32>")
          .append("</Part>");
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
    try {
      tries.run("completing the upload of " + key, request, S3Objects::answered);
    } catch (StoreException.Refused e) {
      // Whoever begins again begins without.
      checksums = checksums && parts.stream().allMatch(part -> part.crc32().isEmpty());
      throw e;
    }
  }

  /** The status was sent before the work was done; the verdict is in the body. */
  private static String answered(Exchange x) throws IOException {
    String answer = text(x);
    if (answer.contains("<Error")) {
      throw new Broken("the store answered " + Xml.text(answer, "Code").orElse("an error"));
    }
    return answer;
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
    ByteBuffer piece = PIECES.get();
    try {
      while (progress.at < progress.end) {
        piece.clear().limit((int) Math.min(piece.capacity(), progress.end - progress.at));
        readSome(x, piece);
        write(sink, piece.flip(), progress);
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

  /** One for each thread that reads; direct, so that what comes is copied once at most. */
  private static final ThreadLocal<ByteBuffer> PIECES =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(COPY_BYTES));

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

  private static void readSome(Exchange x, ByteBuffer into) throws IOException {
    int got;
    try {
      got = x.read(into);
    } catch (StoreException e) {
      throw e;
    } catch (IOException e) {
      throw new Broken("the connection broke while the object was read");
    }
    if (got < 0) {
      throw new Broken("the object broke off");
    }
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
