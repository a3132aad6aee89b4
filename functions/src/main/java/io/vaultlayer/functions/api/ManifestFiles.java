package io.vaultlayer.functions.api;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The files that a manifest names, each with a URL to fetch it. */
final class ManifestFiles {
  private static final Duration DOWNLOAD_LIFE = Duration.ofMinutes(30);

  private final Platform platform;

  ManifestFiles(Platform platform) {
    this.platform = platform;
  }

  /** One page of them; {@code step} is null where the manifest is no checkpoint. */
  Answer answer(String manifestKey, Long step, int epoch, HttpRequest http) {
    var bucket = platform.bucket("BUCKET");
    var manifest = read(bucket, manifestKey);
    long from = http.number("after").orElse(0L);
    int limit = http.limit(HttpRequest.MOST_LIMIT);
    var files =
        manifest.files().stream().skip(from).limit(limit).map(f -> download(bucket, f)).toList();
    long end = from + files.size();
    return Answer.ok(
        new Lists.Downloads(
            step, epoch, files, end < manifest.files().size() ? Long.toString(end) : null));
  }

  private static Lists.Download download(Bucket bucket, Manifest.File f) {
    return new Lists.Download(
        f.path(),
        f.key(),
        f.bytes(),
        f.sha256(),
        bucket.presignGet(f.key(), DOWNLOAD_LIFE).toString());
  }

  private static Manifest read(Bucket bucket, String key) {
    var body =
        bucket
            .read(key, Manifest.MOST_BYTES)
            .orElseThrow(() ->
                new ApiError(
                    404,
                    "manifest_missing",
                    "reading " + key + ": the manifest is not in the bucket"));
    try {
      var manifest = Json.parse(new String(body, StandardCharsets.UTF_8), Manifest.class);
      if (manifest.files() != null && manifest.files().stream().allMatch(f -> isWhole(f, key))) {
        return manifest;
      }
    } catch (Json.MalformedJson e) {
      // told below
    }
    throw new ApiError(
        422,
        "manifest_damaged",
        "reading "
            + key
            + ": it is no manifest of this job's files; nothing can be pulled from it");
  }

  /** It was written on a host that is not ours: no URL is made for another job's objects. */
  private static boolean isWhole(Manifest.File file, String manifestKey) {
    var job = manifestKey.split("/", 3);
    return file != null
        && file.path() != null
        && file.key() != null
        && file.key().startsWith(job[0] + "/" + job[1] + "/");
  }
}
