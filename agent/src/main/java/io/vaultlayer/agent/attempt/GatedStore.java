package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.lease.Lease;
import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A bucket that is written to only while the lease is held: a host that was paused for longer has
 * to be heard first. A write waits for that; a fence, through the switch, ends the wait.
 */
final class GatedStore implements ObjectStore {
  private static final Duration LOOK = Duration.ofMillis(50);

  private final ObjectStore store;
  private final Lease lease;
  private final Stop stop;

  GatedStore(ObjectStore store, Lease lease, Stop stop) {
    this.store = store;
    this.lease = lease;
    this.stop = stop;
  }

  private ObjectStore whenHeld() throws StoreException {
    stop.check();
    while (!lease.held()) {
      stop.sleep(LOOK);
    }
    return store;
  }

  @Override
  public void put(String key, Body body) throws StoreException {
    whenHeld().put(key, body);
  }

  @Override
  public void putIfAbsent(String key, Body body) throws StoreException {
    whenHeld().putIfAbsent(key, body);
  }

  @Override
  public byte[] read(String key, int mostBytes) throws StoreException {
    return store.read(key, mostBytes);
  }

  @Override
  public long readInto(Sink sink, String key, long offset, long bytes) throws StoreException {
    return store.readInto(sink, key, offset, bytes);
  }

  @Override
  public Optional<ObjectInfo> head(String key) throws StoreException {
    return store.head(key);
  }

  @Override
  public Listing list(String prefix, Optional<String> next, int limit) throws StoreException {
    return store.list(prefix, next, limit);
  }

  @Override
  public String createMultipart(String key) throws StoreException {
    return whenHeld().createMultipart(key);
  }

  @Override
  public Part uploadPart(String key, String uploadId, int number, Body body) throws StoreException {
    return whenHeld().uploadPart(key, uploadId, number, body);
  }

  @Override
  public void completeMultipart(String key, String uploadId, List<Part> parts, boolean ifAbsent)
      throws StoreException {
    whenHeld().completeMultipart(key, uploadId, parts, ifAbsent);
  }

  @Override
  public void abortMultipart(String key, String uploadId) throws StoreException {
    whenHeld().abortMultipart(key, uploadId);
  }
}
