package io.vaultlayer.aws;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.TransportUnavailable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * One bucket of S3, or of a server that speaks its protocol.
 *
 * <p>{@link #putIfAbsent} is sent again when an answer is lost, so false can also mean that the
 * first try created the object: read it and compare where that matters.
 */
public final class S3Bucket implements Bucket {
  /** Two creators at once: the loser is told 409 and asks again. */
  private static final int CREATE_TRIES = 3;

  private final S3Client client;
  private final S3Presigner presigner;
  private final String bucket;

  public S3Bucket(S3Client client, S3Presigner presigner, String bucket) {
    this.client = client;
    this.presigner = presigner;
    this.bucket = bucket;
  }

  @Override
  public Optional<ObjectInfo> head(String key) {
    try {
      var answer =
          client.headObject(
              request -> request.bucket(bucket).key(key).checksumMode(ChecksumMode.ENABLED));
      return Optional.of(new ObjectInfo(key, answer.contentLength(), checksum(answer)));
    } catch (NoSuchKeyException absent) {
      return Optional.empty();
    } catch (SdkException failure) {
      if (Failures.status(failure) == 404) {
        return Optional.empty();
      }
      throw Failures.transport("looking at " + key, failure);
    }
  }

  @Override
  public Optional<byte[]> read(String key, int mostBytes) {
    try (var stream = client.getObject(request -> request.bucket(bucket).key(key))) {
      // One byte more than allowed tells too long from just right, whatever length was announced.
      var body = stream.readNBytes(Math.min(mostBytes, Integer.MAX_VALUE - 1) + 1);
      if (body.length > mostBytes) {
        stream.abort();
        throw new IllegalStateException(key + " is longer than " + mostBytes + " bytes");
      }
      return Optional.of(body);
    } catch (NoSuchKeyException absent) {
      return Optional.empty();
    } catch (SdkException failure) {
      throw Failures.transport("reading " + key, failure);
    } catch (IOException broken) {
      throw new TransportUnavailable("reading " + key + ": the answer broke off", broken);
    }
  }

  @Override
  public Optional<String> sha256(String key) {
    try (var stream = client.getObject(request -> request.bucket(bucket).key(key));
        var digested = new DigestInputStream(stream, MessageDigest.getInstance("SHA-256"))) {
      digested.transferTo(OutputStream.nullOutputStream());
      return Optional.of(HexFormat.of().formatHex(digested.getMessageDigest().digest()));
    } catch (NoSuchKeyException absent) {
      return Optional.empty();
    } catch (SdkException failure) {
      throw Failures.transport("reading " + key, failure);
    } catch (IOException broken) {
      throw new TransportUnavailable("reading " + key + ": the answer broke off", broken);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public Listing list(String prefix, Optional<String> after, int limit) {
    if (limit < 1 || limit > MOST_KEYS) {
      throw new IllegalArgumentException("1 to " + MOST_KEYS + " keys in a page, not " + limit);
    }
    try {
      var answer =
          client.listObjectsV2(request -> {
            request.bucket(bucket).prefix(prefix).maxKeys(limit);
            after.ifPresent(request::startAfter);
          });
      var objects =
          answer.contents().stream()
              .map(object -> new ObjectInfo(object.key(), object.size(), Optional.empty()))
              .toList();
      boolean more = Boolean.TRUE.equals(answer.isTruncated()) && !objects.isEmpty();
      return new Listing(objects, more ? Optional.of(objects.getLast().key()) : Optional.empty());
    } catch (SdkException failure) {
      throw Failures.transport("listing " + prefix, failure);
    }
  }

  @Override
  public boolean putIfAbsent(String key, byte[] body) {
    for (int attempt = 1; ; attempt++) {
      try {
        client.putObject(
            request -> request.bucket(bucket).key(key).ifNoneMatch("*"),
            RequestBody.fromBytes(body));
        return true;
      } catch (SdkException failure) {
        if (Failures.status(failure) == 412) {
          return false;
        }
        if (Failures.status(failure) != 409 || attempt == CREATE_TRIES) {
          throw Failures.transport("creating " + key, failure);
        }
      }
    }
  }

  @Override
  public URI presignPut(String key, long bytes, Duration life) {
    if (bytes < 0) {
      throw new IllegalArgumentException("an object has no " + bytes + " bytes");
    }
    try {
      // The length is a signed header: a body of another length is refused.
      return URI.create(
          presigner
              .presignPutObject(request ->
                  request
                      .signatureDuration(life)
                      .putObjectRequest(put -> put.bucket(bucket).key(key).contentLength(bytes)))
              .url()
              .toString());
    } catch (SdkException failure) {
      throw Failures.transport("signing a PUT of " + key, failure);
    }
  }

  @Override
  public URI presignGet(String key, Duration life) {
    try {
      return URI.create(
          presigner
              .presignGetObject(request ->
                  request
                      .signatureDuration(life)
                      .getObjectRequest(get -> get.bucket(bucket).key(key)))
              .url()
              .toString());
    } catch (SdkException failure) {
      throw Failures.transport("signing a GET of " + key, failure);
    }
  }

  @Override
  public void delete(List<String> keys) {
    if (keys.size() > MOST_KEYS) {
      throw new IllegalArgumentException("at most " + MOST_KEYS + " keys, not " + keys.size());
    }
    if (keys.isEmpty()) {
      return;
    }
    var objects = keys.stream().map(key -> ObjectIdentifier.builder().key(key).build()).toList();
    var doing = "deleting " + keys.size() + " objects";
    try {
      var answer =
          client.deleteObjects(
              request -> request.bucket(bucket).delete(d -> d.objects(objects).quiet(true)));
      // Objects that could not be deleted still answer 200.
      if (!answer.errors().isEmpty()) {
        var first = answer.errors().getFirst();
        throw new TransportUnavailable(
            doing + ": " + answer.errors().size() + " refused, first with " + first.code(), null);
      }
    } catch (SdkException failure) {
      throw Failures.transport(doing, failure);
    }
  }

  /** {@code <algorithm>:<base64>}, the strongest that the store kept. */
  private static Optional<String> checksum(HeadObjectResponse answer) {
    if (answer.checksumSHA256() != null) {
      return Optional.of("sha256:" + answer.checksumSHA256());
    }
    if (answer.checksumCRC64NVME() != null) {
      return Optional.of("crc64nvme:" + answer.checksumCRC64NVME());
    }
    if (answer.checksumCRC32C() != null) {
      return Optional.of("crc32c:" + answer.checksumCRC32C());
    }
    return Optional.ofNullable(answer.checksumCRC32()).map(value -> "crc32:" + value);
  }
}
