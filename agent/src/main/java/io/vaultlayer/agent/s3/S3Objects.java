package io.vaultlayer.agent.s3;

import io.vaultlayer.wire.AttemptApi;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** An S3 bucket, addressed by path, with credentials that may be renewed at any moment. */
public final class S3Objects implements ObjectStore {
  /**
   * @param credentials asked before every try, so that a renewal takes effect in the middle of an
   *     upload
   */
  public S3Objects(Supplier<AttemptApi.S3Credentials> credentials, Stop stop) {}

  @Override
  public void put(String key, Body body) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public void putIfAbsent(String key, Body body) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public byte[] read(String key, int mostBytes) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public void readInto(FileChannel file, String key, long offset, long bytes)
      throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public Optional<ObjectInfo> head(String key) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public Listing list(String prefix, Optional<String> next, int limit) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public String createMultipart(String key) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public Part uploadPart(String key, String uploadId, int number, Body body) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public void completeMultipart(String key, String uploadId, List<Part> parts, boolean ifAbsent)
      throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }

  @Override
  public void abortMultipart(String key, String uploadId) throws StoreException {
    throw new UnsupportedOperationException("not built yet");
  }
}
