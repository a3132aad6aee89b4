package io.vaultlayer.bench.cost;

import io.vaultlayer.core.port.Bucket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Counts requests to the bucket by their class; deletes and signatures cost nothing. */
final class CountingBucket implements Bucket {
  private final Bucket inner;
  private final Meter meter;

  CountingBucket(Bucket inner, Meter meter) {
    this.inner = inner;
    this.meter = meter;
  }

  @Override
  public Optional<ObjectInfo> head(String key) {
    count(Line.BUCKET_READS);
    return inner.head(key);
  }

  @Override
  public Optional<byte[]> read(String key, int mostBytes) {
    count(Line.BUCKET_READS);
    return inner.read(key, mostBytes);
  }

  @Override
  public Optional<String> sha256(String key) {
    count(Line.BUCKET_READS);
    return inner.sha256(key);
  }

  @Override
  public Listing list(String prefix, Optional<String> after, int limit) {
    count(Line.BUCKET_WRITES);
    return inner.list(prefix, after, limit);
  }

  @Override
  public boolean putIfAbsent(String key, byte[] body) {
    count(Line.BUCKET_WRITES);
    return inner.putIfAbsent(key, body);
  }

  @Override
  public URI presignPut(String key, long bytes, Duration life) {
    return inner.presignPut(key, bytes, life);
  }

  @Override
  public URI presignGet(String key, Duration life) {
    return inner.presignGet(key, life);
  }

  @Override
  public void delete(List<String> keys) {
    inner.delete(keys);
  }

  private void count(Line line) {
    meter.use(line, 1);
    meter.takes(Meter.BUCKET_MILLIS);
  }
}
