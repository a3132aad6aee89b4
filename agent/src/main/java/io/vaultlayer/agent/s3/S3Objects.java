package io.vaultlayer.agent.s3;

import io.vaultlayer.agent.s3.Exchange.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** An S3 bucket, addressed by path, with credentials that may be renewed at any moment. */
public final class S3Objects implements ObjectStore {
  private static final int MOST_ANSWER_BYTES = 4 << 20;
  private static final String CRC = "x-amz-checksum-crc32";

  private final Tries tries;

  /** Until a store says that it knows no checksums. */
  private volatile boolean checksums = true;

  /**
   * Until a store says that it knows no create-if-absent; then a look comes before each creation.
   * Between the two another writer may come: only one of the same epoch can, since nobody else's
   * credentials write there, and what it damages is found at the restore.
   */
  private volatile boolean conditions = true;

  public S3Objects(CredentialSource credentials, Stop stop) {
    this(credentials, stop, Throttle.NONE);
  }

  /**
   * @param throttle for the bodies that are sent
   */
  public S3Objects(CredentialSource credentials, Stop stop, Throttle throttle) {
    this(credentials, stop, throttle, Tries.USUAL, () -> System.currentTimeMillis() / 1000);
  }

  S3Objects(
      CredentialSource credentials,
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
    while (true) {
      boolean checked = checksums && body.crc32().isPresent();
      boolean conditional = conditions;
      try {
        create(key, body, checked, conditional);
        return;
      } catch (StoreException.Refused e) {
        if (checked) {
          checksums = false;
        } else if (conditional && e.isUnimplemented()) {
          // It was this, then, and not the checksum that was tried without before.
          conditions = false;
          checksums = body.crc32().isPresent();
        } else {
          throw e;
        }
      }
    }
  }

  private void create(String key, Body body, boolean checked, boolean conditional)
      throws StoreException {
    String doing = "creating " + key;
    Request request = Request.of("PUT", key).body(body);
    if (checked) {
      request.header(CRC, base64(body.crc32().getAsLong()));
    }
    onlyIfAbsent(doing, request, conditional);
    tries.run(doing, request, x -> x.bytes(MOST_ANSWER_BYTES));
  }

  /** Says it to the store, or looks, where the store does not know the condition. */
  private void onlyIfAbsent(String doing, Request request, boolean conditional)
      throws StoreException {
    if (conditional) {
      request.header("if-none-match", "*");
    } else if (head(request.key()).isPresent()) {
      throw new StoreException.AlreadyThere(doing + ": it is there");
    }
  }

  static String base64(long crc32) {
    byte[] bytes = ByteBuffer.allocate(4).putInt((int) crc32).array();
    return Base64.getEncoder().encodeToString(bytes);
  }

  @Override
  public byte[] read(String key, int mostBytes) throws StoreException {
    return tries.run("reading " + key, Request.of("GET", key), x -> x.bytes(mostBytes));
  }

  @Override
  public long readInto(Sink sink, String key, long offset, long bytes) throws StoreException {
    return new RangedRead(tries, sink, key, offset, bytes).run();
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

  @Override
  public List<StoredPart> listParts(String key, String uploadId) throws StoreException {
    return PartsListing.read(tries, key, uploadId);
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
    byte[] list = xml.toString().getBytes(StandardCharsets.UTF_8);
    boolean conditional = conditions;
    try {
      try {
        complete(key, uploadId, list, ifAbsent, conditional);
      } catch (StoreException.Refused e) {
        if (!ifAbsent || !conditional || !e.isUnimplemented()) {
          throw e;
        }
        conditions = false;
        complete(key, uploadId, list, true, false);
      }
    } catch (StoreException.Refused e) {
      // Whoever begins again begins without.
      checksums = checksums && parts.stream().allMatch(part -> part.crc32().isEmpty());
      throw e;
    }
  }

  private void complete(
      String key, String uploadId, byte[] list, boolean ifAbsent, boolean conditional)
      throws StoreException {
    String doing = "completing the upload of " + key;
    var request =
        Request.of("POST", key)
            .query("uploadId", uploadId)
            .header("content-type", "application/xml")
            .body(Body.of(list));
    if (ifAbsent) {
      onlyIfAbsent(doing, request, conditional);
    }
    tries.run(doing, request, S3Objects::answered);
  }

  /** The status was sent before the work was done; the verdict is in the body. */
  private static String answered(Exchange x) throws IOException {
    String answer = text(x);
    if (answer.contains("<Error")) {
      throw new RangedRead.Broken(
          "the store answered " + Xml.text(answer, "Code").orElse("an error"));
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

  private static String text(Exchange x) throws IOException {
    return new String(x.bytes(MOST_ANSWER_BYTES), StandardCharsets.UTF_8);
  }

  private static IllegalStateException unreadable(String what) {
    return new IllegalStateException("unreadable answer of the store: " + what);
  }
}
