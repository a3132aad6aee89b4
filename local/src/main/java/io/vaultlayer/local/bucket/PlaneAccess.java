package io.vaultlayer.local.bucket;

import java.util.Set;

/** The plane's own identity: every object of its buckets, and nothing of the buckets themselves. */
final class PlaneAccess implements Access {
  private final Set<String> buckets;

  PlaneAccess(Set<String> buckets) {
    this.buckets = buckets;
  }

  @Override
  public void read(String bucket, String key) {
    object(bucket, key);
  }

  @Override
  public void write(String bucket, String key) {
    object(bucket, key);
  }

  @Override
  public void list(String bucket, String prefix) {
    known(bucket);
    if (prefix != null && !prefix.isEmpty() && !Keys.cleanPrefix(prefix)) {
      throw Denied.because("not a prefix of keys");
    }
  }

  @Override
  public void delete(String bucket, String key) {
    object(bucket, key);
  }

  @Override
  public void administer() {
    throw Denied.because("buckets come from the template");
  }

  @Override
  public void upload(String bucket, String uploadId, String key, String action) {
    object(bucket, key);
  }

  @Override
  public void began(String uploadId, String key) {}

  @Override
  public void still() {}

  private void object(String bucket, String key) {
    known(bucket);
    if (!Keys.clean(key)) {
      throw Denied.because("not a key");
    }
  }

  private void known(String bucket) {
    if (!buckets.contains(bucket)) {
      throw Denied.because("no bucket of the template");
    }
  }
}
