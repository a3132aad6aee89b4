package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.TransportUnavailable;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Objects in memory. Presigned URLs have the scheme {@code memory} and work through {@link #use}.
 */
public final class MemoryBucket implements Bucket {
  private record Grant(String method, String key, long bytes, Instant until) {}

  private final InstantSource clock;
  private final TreeMap<String, byte[]> objects = new TreeMap<>();
  private final Map<URI, Grant> grants = new HashMap<>();
  private boolean down;

  public MemoryBucket(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public synchronized Optional<ObjectInfo> head(String key) {
    checkUp();
    return Optional.ofNullable(objects.get(key)).map(body -> info(key, body));
  }

  @Override
  public synchronized Optional<byte[]> read(String key, int mostBytes) {
    checkUp();
    var body = objects.get(key);
    if (body != null && body.length > mostBytes) {
      throw new IllegalStateException(key + " is longer than " + mostBytes + " bytes");
    }
    return Optional.ofNullable(body).map(byte[]::clone);
  }

  @Override
  public synchronized Listing list(String prefix, Optional<String> after, int limit) {
    checkUp();
    if (limit < 1 || limit > MOST_KEYS) {
      throw new IllegalArgumentException("1 to " + MOST_KEYS + " keys in a page, not " + limit);
    }
    var start = after.filter(key -> key.compareTo(prefix) >= 0);
    var found =
        objects.tailMap(start.orElse(prefix), start.isEmpty()).entrySet().stream()
            .takeWhile(entry -> entry.getKey().startsWith(prefix))
            .limit(limit + 1L)
            .map(entry -> info(entry.getKey(), entry.getValue()))
            .toList();
    if (found.size() <= limit) {
      return new Listing(found, Optional.empty());
    }
    var page = found.subList(0, limit);
    return new Listing(page, Optional.of(page.getLast().key()));
  }

  @Override
  public synchronized boolean putIfAbsent(String key, byte[] body) {
    checkUp();
    return objects.putIfAbsent(key, body.clone()) == null;
  }

  @Override
  public synchronized URI presignPut(String key, long bytes, Duration life) {
    return grant(new Grant("PUT", key, bytes, clock.instant().plus(life)));
  }

  @Override
  public synchronized URI presignGet(String key, Duration life) {
    return grant(new Grant("GET", key, -1, clock.instant().plus(life)));
  }

  @Override
  public synchronized void delete(List<String> keys) {
    checkUp();
    if (keys.size() > MOST_KEYS) {
      throw new IllegalArgumentException("at most " + MOST_KEYS + " keys, not " + keys.size());
    }
    keys.forEach(objects::remove);
  }

  /** What an HTTP client would get: the body of a GET, empty after an accepted PUT. */
  public synchronized Optional<byte[]> use(String method, URI url, byte[] body) {
    var grant = grants.get(url);
    if (grant == null
        || !grant.method().equals(method)
        || clock.instant().isAfter(grant.until())
        || method.equals("PUT") && grant.bytes() != body.length) {
      throw new IllegalStateException("403 for " + method);
    }
    if (method.equals("GET")) {
      return read(grant.key(), Integer.MAX_VALUE);
    }
    put(grant.key(), body);
    return Optional.empty();
  }

  /** Writes or overwrites: what an agent with credentials, or a fault, does. */
  public synchronized void put(String key, byte[] body) {
    objects.put(key, body.clone());
  }

  /** Every key, in order. */
  public synchronized List<String> keys() {
    return List.copyOf(objects.keySet());
  }

  /** While down no call is answered. */
  public synchronized void down(boolean isDown) {
    down = isDown;
  }

  private URI grant(Grant grant) {
    if (grant.until().isBefore(clock.instant())) {
      throw new IllegalArgumentException("a life is positive");
    }
    var name = URLEncoder.encode(grant.key(), StandardCharsets.UTF_8).replace("%2F", "/");
    var url = URI.create("memory:///" + name + "?" + grant.method() + "=" + grants.size());
    grants.put(url, grant);
    return url;
  }

  private void checkUp() {
    if (down) {
      throw new TransportUnavailable("the bucket is down", null);
    }
  }

  private static ObjectInfo info(String key, byte[] body) {
    return new ObjectInfo(key, body.length, Optional.empty());
  }
}
