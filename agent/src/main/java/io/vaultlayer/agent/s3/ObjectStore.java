package io.vaultlayer.agent.s3;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * A bucket, one request a method; each is tried again on 429, 5xx and broken connections within a
 * bound. Keys are without the bucket's name. All methods throw a {@link StoreException} that says
 * why nothing came of it.
 */
public interface ObjectStore {
  /** Most keys in one page of a listing. */
  int MOST_KEYS = 1000;

  /** Most parts of one multipart upload. */
  int MOST_PARTS = 10_000;

  /** An object's size in bytes and the store's tag for it (opaque, may be empty). */
  record ObjectInfo(String key, long bytes, String etag) {}

  /** Keys in order; {@code next} reads on. */
  record Listing(List<ObjectInfo> objects, Optional<String> next) {}

  /**
   * An accepted part, as {@link #completeMultipart} wants it back.
   *
   * @param crc32 as the store keeps it for the part, in Base64; empty where it was sent none
   */
  record Part(int number, String etag, String crc32) {}

  /** A part as the store lists it; its {@code crc32} is empty where the store tells none. */
  record StoredPart(Part part, long bytes) {
    /** Whether it has this length and, where the store tells one, this checksum. */
    public boolean fits(long length, long crc32) {
      return bytes == length
          && (part.crc32().isEmpty() || part.crc32().equals(S3Objects.base64(crc32)));
    }
  }

  /**
   * Takes an object's bytes as they come, in order and without gaps; {@code at} counts in the
   * object.
   */
  @FunctionalInterface
  interface Sink {
    void write(ByteBuffer piece, long at) throws IOException;
  }

  /** Writes an object over whatever is there. */
  void put(String key, Body body) throws StoreException;

  /**
   * Creates an object. A lost answer makes the retry see one's own object, so {@link
   * StoreException.AlreadyThere} has to be resolved by comparing bytes.
   */
  void putIfAbsent(String key, Body body) throws StoreException;

  /** The whole object. @throws StoreException.WrongSize when it has more than {@code mostBytes} */
  byte[] read(String key, int mostBytes) throws StoreException;

  /**
   * Hands bytes {@code offset} to {@code offset + bytes} of an object to a sink; after a broken
   * connection it goes on with the byte that did not come.
   *
   * @param bytes at least 1
   * @return size of the whole object
   * @throws StoreException.WrongSize when the object ends before
   * @throws StoreException.SourceBroken when the sink fails
   */
  long readInto(Sink sink, String key, long offset, long bytes) throws StoreException;

  Optional<ObjectInfo> head(String key) throws StoreException;

  /** One page of the keys under a prefix. */
  Listing list(String prefix, Optional<String> next, int limit) throws StoreException;

  /** Opens a multipart upload and returns its id. */
  String createMultipart(String key) throws StoreException;

  Part uploadPart(String key, String uploadId, int number, Body body) throws StoreException;

  /**
   * Makes a part of bytes {@code offset} to {@code offset + bytes} of an object that is there; they
   * do not travel. Stores refuse it where one credential may not read the source and write here.
   *
   * @param crc32 that they must have
   */
  Part copyPart(
      String key, String uploadId, int number, String source, long offset, long bytes, long crc32)
      throws StoreException;

  /**
   * Which parts an upload has, of at most {@value #MOST_PARTS}.
   *
   * @throws StoreException.NotThere when there is no such upload any more
   * @throws StoreException.Refused when the store does not list parts
   */
  List<StoredPart> listParts(String key, String uploadId) throws StoreException;

  /**
   * Makes the parts one object. @throws StoreException.AlreadyThere when the key is taken ({@code
   * ifAbsent}); {@link StoreException.NotThere} may follow a lost answer: compare bytes
   */
  void completeMultipart(String key, String uploadId, List<Part> parts, boolean ifAbsent)
      throws StoreException;

  /** Drops an upload's parts; one that is gone is no error. */
  void abortMultipart(String key, String uploadId) throws StoreException;
}
