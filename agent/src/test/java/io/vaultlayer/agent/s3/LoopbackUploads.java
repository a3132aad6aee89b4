package io.vaultlayer.agent.s3;

import static io.vaultlayer.agent.s3.LoopbackObjects.etag;

import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Reply;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;

/** The uploads in parts of a {@link LoopbackBucket}. */
public final class LoopbackUploads {
  /** Small, so that a list has more than one page. */
  private static final int PAGE = 4;

  private record Upload(String key, ConcurrentSkipListMap<Integer, byte[]> parts) {}

  private final Map<String, Upload> open = new ConcurrentHashMap<>();
  private final AtomicInteger ids = new AtomicInteger();
  private volatile boolean listsGone;

  /** As some stores do: an upload that is no more has an empty list. */
  public void listGone() {
    listsGone = true;
  }

  /** All are gone, as a life-cycle rule does it. */
  public void clear() {
    open.clear();
  }

  int size() {
    return open.size();
  }

  /** The parts that are there, each as its key and number. */
  public List<String> parts() {
    return open.values().stream()
        .flatMap(one -> one.parts().keySet().stream().map(number -> one.key() + "#" + number))
        .toList();
  }

  /** One bit of each part of this number is no longer what was sent. */
  public void damage(int number) {
    open.values()
        .forEach(one ->
            one.parts()
                .computeIfPresent(
                    number,
                    (n, body) -> {
                      body[body.length / 2] ^= 1;
                      return body;
                    }));
  }

  Reply begin(Call call) {
    String id = "upload-" + ids.incrementAndGet();
    open.put(id, new Upload(call.key(), new ConcurrentSkipListMap<>()));
    return Reply.xml(
        "<InitiateMultipartUploadResult><UploadId>"
            + id
            + "</UploadId></InitiateMultipartUploadResult>");
  }

  /** Takes a part's bytes. @return false where there is no such upload */
  boolean take(Call call, byte[] body) {
    Upload upload = open.get(call.query().get("uploadId"));
    if (upload == null || !upload.key().equals(call.key())) {
      return false;
    }
    upload.parts().put(Integer.parseInt(call.query().get("partNumber")), body);
    return true;
  }

  Reply list(Call call) {
    Upload upload = open.get(call.query().get("uploadId"));
    if (upload == null && listsGone) {
      upload = new Upload(call.key(), new ConcurrentSkipListMap<>());
    }
    if (upload == null || !upload.key().equals(call.key())) {
      return Reply.error(404, "NoSuchUpload");
    }
    int after = Integer.parseInt(call.query().getOrDefault("part-number-marker", "0"));
    var xml = new StringBuilder("<ListPartsResult>");
    upload.parts().tailMap(after, false).entrySet().stream()
        .limit(PAGE)
        .forEach(part ->
            xml.append("<Part><PartNumber>")
                .append(part.getKey())
                .append("</PartNumber><ETag>")
                .append(etag(part.getValue()).replace("\"", "&quot;"))
                .append("</ETag><Size>")
                .append(part.getValue().length)
                .append("</Size><ChecksumCRC32>")
                .append(crc32(part.getValue()))
                .append("</ChecksumCRC32></Part>"));
    boolean more = upload.parts().tailMap(after, false).size() > PAGE;
    return Reply.xml(
        xml.append("<IsTruncated>")
            .append(more)
            .append("</IsTruncated></ListPartsResult>")
            .toString());
  }

  /** What a completion comes to, before the key is looked at. */
  sealed interface Completion {
    record Whole(byte[] bytes) implements Completion {}

    record Refused(Reply reply) implements Completion {}
  }

  /**
   * @param equalParts whether all parts but the last must be of one size
   */
  Completion whole(Call call, byte[] body, boolean equalParts) {
    Upload upload = open.get(call.query().get("uploadId"));
    if (upload == null) {
      return new Completion.Refused(Reply.error(404, "NoSuchUpload"));
    }
    var whole = new ByteArrayOutputStream();
    var sizes = new ArrayList<Integer>();
    for (String part : Xml.inner(new String(body, StandardCharsets.UTF_8), "Part", 10_000)) {
      byte[] bytes =
          upload.parts().get(Integer.parseInt(Xml.text(part, "PartNumber").orElseThrow()));
      if (bytes == null || !etag(bytes).equals(Xml.text(part, "ETag").orElseThrow())) {
        return new Completion.Refused(Reply.error(400, "InvalidPart"));
      }
      whole.writeBytes(bytes);
      sizes.add(bytes.length);
    }
    if (equalParts && sizes.subList(0, sizes.size() - 1).stream().distinct().count() > 1) {
      return new Completion.Refused(
          Reply.error(
              400, "InvalidPart", "All non-trailing parts must have the same length. (10048)"));
    }
    return new Completion.Whole(whole.toByteArray());
  }

  Reply end(Call call) {
    boolean known = open.remove(call.query().get("uploadId")) != null;
    return known ? new Reply(204, Map.of(), new byte[0]) : Reply.error(404, "NoSuchUpload");
  }

  private static String crc32(byte[] body) {
    var crc = new CRC32();
    crc.update(body);
    return S3Objects.base64(crc.getValue());
  }
}
