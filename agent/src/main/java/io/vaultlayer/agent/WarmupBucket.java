package io.vaultlayer.agent;

import com.sun.net.httpserver.HttpExchange;
import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The bucket of {@link Warmup}: a work directory and one committed checkpoint to restore, with a
 * file that comes in ranges and some that come whole. What is stored there it forgets.
 */
final class WarmupBucket {
  private static final int STEP = 1;
  private static final int EPOCH = 1;

  private static final int SMALL_BYTES = 256 << 10;

  /** More than one range of a restore. */
  private static final int LARGE_TIMES = 192;

  private static final int SMALL_FILES = 64;
  private static final int NOT_FOUND = 404;

  /** The same bytes a number of times; an agent's heap is small. */
  private record Content(byte[] bytes, int times) {
    int length() {
      return bytes.length * times;
    }

    void write(int from, int to, OutputStream into) throws IOException {
      for (int at = from; at < to; ) {
        int begin = at % bytes.length;
        int some = Math.min(to - at, bytes.length - begin);
        into.write(bytes, begin, some);
        at += some;
      }
    }
  }

  private final Map<String, Content> objects = new HashMap<>();
  private final AttemptApi.Pointer pointer;

  WarmupBucket(String job, String workdirKey, byte[] workdir) {
    objects.put(workdirKey, new Content(workdir, 1));
    var files = new ArrayList<Manifest.File>();
    files.add(file(job, "large", new Content(new byte[SMALL_BYTES], LARGE_TIMES)));
    var small = file(job, "small", new Content(new byte[SMALL_BYTES], 1));
    for (int i = 0; i < SMALL_FILES; i++) {
      String path = small.path() + i;
      files.add(new Manifest.File(path, small.key(), small.bytes(), small.sha256(), small.crc()));
    }
    this.pointer = committed(job, files);
  }

  AttemptApi.Pointer pointer() {
    return pointer;
  }

  void answer(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().add("ETag", "\"0\"");
    if (!exchange.getRequestMethod().equals("GET")) {
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    String path = exchange.getRequestURI().getPath();
    Content object = objects.get(path.substring(path.indexOf('/', 1) + 1));
    if (object == null) {
      exchange.sendResponseHeaders(NOT_FOUND, -1);
      return;
    }
    String range = exchange.getRequestHeaders().getFirst("range");
    int from = 0;
    int to = object.length();
    if (range != null) {
      String[] ends = range.substring("bytes=".length()).split("-", 2);
      from = Integer.parseInt(ends[0]);
      to = Math.min(to, Integer.parseInt(ends[1]) + 1);
      String part = "bytes " + from + "-" + (to - 1) + "/" + object.length();
      exchange.getResponseHeaders().add("Content-Range", part);
    }
    exchange.sendResponseHeaders(range == null ? 200 : 206, to - from);
    object.write(from, to, exchange.getResponseBody());
  }

  private Manifest.File file(String job, String name, Content content) {
    String key = BucketLayout.checkpoint(job, EPOCH, STEP) + name;
    objects.put(key, content);
    MessageDigest sha = Hex.newSha256();
    var crc = new CRC32();
    for (int i = 0; i < content.times(); i++) {
      sha.update(content.bytes());
      crc.update(content.bytes());
    }
    return new Manifest.File(
        "checkpoint-" + STEP + "/" + name,
        key,
        content.length(),
        Hex.of(sha.digest()),
        Hex.crc(crc.getValue()));
  }

  private AttemptApi.Pointer committed(String job, List<Manifest.File> files) {
    var manifest =
        new Manifest(job, EPOCH, (long) STEP, "2026-01-01T00:00:00Z", "unknown", files, Map.of());
    byte[] bytes = Json.render(manifest).getBytes(StandardCharsets.UTF_8);
    String key = BucketLayout.checkpointManifest(job, EPOCH, STEP);
    objects.put(key, new Content(bytes, 1));
    long all = files.stream().mapToLong(Manifest.File::bytes).sum();
    return new AttemptApi.Pointer(STEP, EPOCH, key, Hex.of(Hex.sha256(bytes)), all, files.size());
  }
}
