package io.vaultlayer.local.bucket;

import io.vaultlayer.local.template.LocalNames;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.gaul.s3proxy.blobstore.S3Exceptions;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * What holds for every caller: which objects are written once, that an answered write is on disk,
 * and that a full disk is said to be one.
 */
final class Objects {
  /** Kept free for the store itself: a full disk must not stop the plane from deciding. */
  private static final long RESERVE = 64L << 20;

  private static final int MOST_KEYS = 1000;

  private final Path root;
  private final List<String> onceArns;
  private final Identities identities;
  private final InstantSource clock;
  private final Map<String, String> planeUploads = new ConcurrentHashMap<>();

  /**
   * @param onceArns patterns of the ARNs whose objects the bucket policy wants written once
   */
  Objects(Path root, List<String> onceArns, Identities identities, InstantSource clock) {
    this.root = root;
    this.onceArns = List.copyOf(onceArns);
    this.identities = identities;
    this.clock = clock;
  }

  Instant now() {
    return clock.instant();
  }

  boolean writeOnce(String bucket, String key) {
    var arn = "arn:" + LocalNames.PARTITION + ":s3:::" + bucket + "/" + key;
    return onceArns.stream()
        .anyMatch(pattern -> io.vaultlayer.local.template.Statement.matches(pattern, arn));
  }

  void began(String uploadId, String key) {
    if (planeUploads.size() > 10_000) {
      planeUploads.clear();
    }
    planeUploads.put(uploadId, key);
  }

  /** The key of an upload; one that nobody began has none and is refused by its caller's rules. */
  String keyOf(String uploadId) {
    var key = planeUploads.get(uploadId);
    return key != null ? key : identities.keyOf(uploadId).orElse("");
  }

  /** A page of keys in order, without common prefixes. */
  ListObjectsV2Response list(ListObjectsV2Request request) {
    int most = request.maxKeys() == null ? MOST_KEYS : Math.clamp(request.maxKeys(), 0, MOST_KEYS);
    var after =
        request.continuationToken() != null ? request.continuationToken() : request.startAfter();
    try {
      var found =
          Listing.of(
              root.resolve(request.bucket()),
              request.prefix() == null ? "" : request.prefix(),
              after == null ? "" : after,
              most + 1);
      boolean more = found.size() > most && most > 0;
      var page = found.subList(0, Math.min(most, found.size()));
      return ListObjectsV2Response.builder()
          .contents(page)
          .keyCount(page.size())
          .isTruncated(more)
          .nextContinuationToken(more ? page.getLast().key() : null)
          .build();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Leaves out files that a write has not finished, or never will. */
  ListObjectsV2Response withoutUnfinished(ListObjectsV2Response page) {
    var whole =
        page.contents().stream()
            .filter(object -> object.eTag() != null || !Keys.temporary(object.key()))
            .toList();
    return whole.size() == page.contents().size()
        ? page
        : page.toBuilder().contents(whole).keyCount(whole.size()).build();
  }

  /** Runs a write that makes an object, and forces it to the disk before it is answered. */
  <T> T written(String bucket, String key, Long bytes, Supplier<T> write) {
    var answer = roomFor(bytes, write);
    if (!key.contains("/logs/")) {
      force(root.resolve(bucket).resolve(key));
    }
    return answer;
  }

  <T> T roomFor(Long bytes, Supplier<T> write) {
    try {
      FileStore disk = Files.getFileStore(root);
      if (disk.getUsableSpace() - (bytes == null ? 0 : bytes) < RESERVE) {
        throw full(null);
      }
      return write.get();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (S3Exception e) {
      throw e;
    } catch (RuntimeException e) {
      throw isFull(e) ? full(e) : e;
    }
  }

  private static boolean isFull(Throwable failure) {
    int depth = 0;
    for (var cause = failure; cause != null && depth < 10; cause = cause.getCause(), depth++) {
      var message = String.valueOf(cause.getMessage());
      if (cause instanceof IOException
          && (message.contains("No space left") || message.contains("quota exceeded"))) {
        return true;
      }
    }
    return false;
  }

  private S3Exception full(Throwable cause) {
    var message = "the disk of the plane's data directory is full; nothing was stored";
    return (S3Exception)
        S3Exception.builder()
            .message(message)
            .cause(cause)
            .statusCode(507)
            .awsErrorDetails(
                AwsErrorDetails.builder()
                    .errorCode("InsufficientStorage")
                    .errorMessage(message)
                    .build())
            .build();
  }

  private static void force(Path file) {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
      try (var directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    } catch (IOException e) {
      throw S3Exceptions.fromStatusCode(500, e);
    }
  }
}
