package io.vaultlayer.agent.s3;

import com.sun.net.httpserver.HttpExchange;
import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Reply;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** What a {@link LoopbackBucket} holds, and what calls do to it once they were let in. */
public final class LoopbackObjects {
  /** What becomes of {@code If-None-Match: *}. */
  public enum Conditions {
    HONOURED,
    /** 501. */
    UNKNOWN,
    /** Passed over in silence: the object is written over. */
    IGNORED
  }

  /**
   * In what stores differ.
   *
   * @param equalParts all parts but the last must be of one size
   */
  public record Manners(Conditions conditions, boolean equalParts) {
    public static final Manners OF_S3 = new Manners(Conditions.HONOURED, false);
    public static final Manners OF_R2 = new Manners(Conditions.HONOURED, true);
  }

  private final Manners manners;
  private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();
  private final LoopbackUploads uploads = new LoopbackUploads();

  LoopbackObjects(Manners manners) {
    this.manners = manners;
  }

  Map<String, byte[]> objects() {
    return objects;
  }

  LoopbackUploads uploads() {
    return uploads;
  }

  Reply effect(HttpExchange exchange, Call call, byte[] body) {
    boolean asked = "*".equals(LoopbackBucket.header(exchange, "If-None-Match", ""));
    if (asked && manners.conditions() == Conditions.UNKNOWN) {
      return Reply.error(501, "NotImplemented", "Header 'if-none-match' not implemented");
    }
    boolean ifAbsent = asked && manners.conditions() == Conditions.HONOURED;
    return switch (call.method()) {
      case "PUT" ->
          call.query().containsKey("uploadId")
              ? part(exchange, call, body)
              : put(call.key(), body, ifAbsent);
      case "POST" ->
          call.query().containsKey("uploads")
              ? uploads.begin(call)
              : complete(call, body, ifAbsent);
      case "GET" ->
          call.key().isEmpty()
              ? list(call)
              : call.query().containsKey("uploadId")
                  ? uploads.list(call)
                  : get(exchange, call.key());
      case "HEAD" -> get(exchange, call.key());
      case "DELETE" -> uploads.end(call);
      default -> Reply.error(405, "MethodNotAllowed");
    };
  }

  private Reply put(String key, byte[] body, boolean ifAbsent) {
    if (ifAbsent && objects.putIfAbsent(key, body) != null) {
      return Reply.error(412, "PreconditionFailed");
    }
    if (!ifAbsent) {
      objects.put(key, body);
    }
    return new Reply(200, Map.of("ETag", etag(body)), new byte[0]);
  }

  private Reply part(HttpExchange exchange, Call call, byte[] body) {
    String source = LoopbackBucket.header(exchange, "x-amz-copy-source", "");
    if (source.isEmpty()) {
      return uploads.take(call, body)
          ? new Reply(200, Map.of("ETag", etag(body)), new byte[0])
          : Reply.error(404, "NoSuchUpload");
    }
    byte[] all =
        objects.get(
            URLDecoder.decode(source, StandardCharsets.UTF_8)
                .substring(2 + LoopbackBucket.BUCKET.length()));
    if (all == null) {
      return Reply.error(404, "NoSuchKey");
    }
    String[] ends =
        LoopbackBucket.header(exchange, "x-amz-copy-source-range", "").substring(6).split("-");
    byte[] copy = Arrays.copyOfRange(all, Integer.parseInt(ends[0]), Integer.parseInt(ends[1]) + 1);
    return uploads.take(call, copy)
        ? Reply.xml("<CopyPartResult><ETag>" + etag(copy) + "</ETag></CopyPartResult>")
        : Reply.error(404, "NoSuchUpload");
  }

  private Reply complete(Call call, byte[] body, boolean ifAbsent) {
    return switch (uploads.whole(call, body, manners.equalParts())) {
      case LoopbackUploads.Completion.Whole(var bytes) -> {
        Reply answer = put(call.key(), bytes, ifAbsent);
        if (answer.status() != 200) {
          yield answer;
        }
        uploads.end(call);
        yield Reply.xml(
            "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>");
      }
      case LoopbackUploads.Completion.Refused(var reply) -> reply;
    };
  }

  private Reply get(HttpExchange exchange, String key) {
    byte[] all = objects.get(key);
    if (all == null) {
      return Reply.error(404, "NoSuchKey");
    }
    String range = LoopbackBucket.header(exchange, "Range", "");
    if (range.isEmpty()) {
      return new Reply(200, Map.of("ETag", etag(all)), all);
    }
    String[] ends = range.substring("bytes=".length()).split("-");
    int from = Integer.parseInt(ends[0]);
    if (from >= all.length) {
      return Reply.error(416, "InvalidRange");
    }
    int to = Math.min(all.length, Integer.parseInt(ends[1]) + 1);
    return new Reply(
        206,
        Map.of("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + all.length),
        Arrays.copyOfRange(all, from, to));
  }

  private Reply list(Call call) {
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
    return Reply.xml(xml.append("</ListBucketResult>").toString());
  }

  static String etag(byte[] body) {
    return '"' + Hex.of(Hex.sha256(body)).substring(0, 32) + '"';
  }
}
