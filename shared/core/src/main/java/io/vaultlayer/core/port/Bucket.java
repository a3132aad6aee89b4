package io.vaultlayer.core.port;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The control plane's view of the bucket (layout: contract, section 5). Methods throw {@link
 * TransportUnavailable} when no answer came.
 */
public interface Bucket {
  /** Most keys in one page of a listing. */
  int MOST_KEYS = 1000;

  /** Size in bytes and, where the store has one, its own checksum of the object. */
  record ObjectInfo(String key, long bytes, Optional<String> checksum) {}

  /** Keys in order; {@code next} reads on. */
  record Listing(List<ObjectInfo> objects, Optional<String> next) {}

  Optional<ObjectInfo> head(String key);

  /**
   * The object's bytes; empty when absent. An object of more than {@code mostBytes} is refused with
   * IllegalStateException.
   */
  Optional<byte[]> read(String key, int mostBytes);

  /**
   * SHA-256 of the object's bytes in hex, read now; empty when absent. Stores that can stream
   * override this.
   */
  default Optional<String> sha256(String key) {
    return read(key, Integer.MAX_VALUE - 8).map(io.vaultlayer.core.lease.TokenHash::ofBytes);
  }

  /** Keys under a prefix that come after {@code after}, in order. */
  Listing list(String prefix, Optional<String> after, int limit);

  /** Creates an object; false when one was there already (nothing changed). */
  boolean putIfAbsent(String key, byte[] body);

  /** A URL with which anybody may PUT this one object of exactly this size until it expires. */
  URI presignPut(String key, long bytes, Duration life);

  /** A URL with which anybody may GET this one object until it expires. */
  URI presignGet(String key, Duration life);

  /** Deletes up to {@value #MOST_KEYS} objects; absent ones are no error. */
  void delete(List<String> keys);
}
