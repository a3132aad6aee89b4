package io.vaultlayer.local.bucket;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Supplier;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.S3Exceptions;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.CopyObjectResult;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectsRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadBucketRequest;
import software.amazon.awssdk.services.s3.model.HeadBucketResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListBucketsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.Part;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * The file system's store as one caller may use it. Every operation is overridden, so that one that
 * nobody thought of is a denial and no hole. (It extends the forwarding class because the server
 * looks through that one to see what the store underneath can do.)
 */
final class GuardedBlobStore extends SettledBlobStore {
  private static final String STUB = ".s3proxy-mpu-stub-";
  private static final String PART = ".mpus-";
  private static final int UPLOAD_ID = 36;
  private static final String PUT = "s3:PutObject";
  private static final String ABORT = "s3:AbortMultipartUpload";
  private static final String LIST = "s3:ListMultipartUploadParts";

  /** Read and thrown away of a body that is refused anyway. */
  private static final long MOST_DRAINED = 256L << 20;

  private final Access access;
  private final Objects objects;

  GuardedBlobStore(BlobStore files, Access access, Objects objects) {
    super(files);
    this.access = access;
    this.objects = objects;
  }

  // ---- reading

  private void mayRead(String bucket, String key) {
    if (key.startsWith(STUB)) {
      stub(bucket, key);
    } else if (key.startsWith(PART) && key.length() > PART.length() + UPLOAD_ID + 1) {
      // The server reads parts back when a completion asks for a checksum of the whole.
      var upload = key.substring(PART.length(), PART.length() + UPLOAD_ID);
      var rest = key.substring(PART.length() + UPLOAD_ID + 1);
      access.upload(bucket, upload, rest.substring(0, Math.max(0, rest.lastIndexOf('-'))), PUT);
    } else {
      access.read(bucket, key);
    }
  }

  /** The server's own note about an upload in parts: only for whoever began it. */
  private void stub(String bucket, String key) {
    var upload = key.substring(STUB.length());
    access.upload(bucket, upload, objects.keyOf(upload), PUT);
  }

  @Override
  public HeadObjectResponse blobMetadata(HeadObjectRequest request) {
    mayRead(request.bucket(), request.key());
    return super.blobMetadata(request);
  }

  @Override
  public boolean blobExists(String container, String name) {
    mayRead(container, name);
    return super.blobExists(container, name);
  }

  @Override
  public ResponseInputStream<GetObjectResponse> getBlob(GetObjectRequest request) {
    mayRead(request.bucket(), request.key());
    return super.getBlob(request);
  }

  @Override
  public ListObjectsV2Response list(ListObjectsV2Request request) {
    access.list(request.bucket(), request.prefix());
    return request.delimiter() == null || request.delimiter().isEmpty()
        ? objects.list(request)
        : objects.withoutUnfinished(super.list(request));
  }

  // ---- writing

  private void mayWrite(String bucket, String key) {
    access.write(bucket, key);
    if (Keys.tooLong(key)) {
      throw S3Exceptions.invalidArgument("a name between two slashes has at most 200 bytes here");
    }
  }

  @Override
  public PutObjectResponse putBlob(PutObjectRequest request, InputStream payload) {
    if (request.key().startsWith(STUB)) {
      stub(request.bucket(), request.key());
      return super.putBlob(request, payload);
    }
    return answered(
        payload,
        () -> {
          mayWrite(request.bucket(), request.key());
          var once = objects.writeOnce(request.bucket(), request.key());
          return objects.written(
              request.bucket(),
              request.key(),
              request.contentLength(),
              () ->
                  super.putBlob(
                      once ? request.toBuilder().ifNoneMatch("*").ifMatch(null).build() : request,
                      watched(payload)));
        });
  }

  @Override
  public CopyObjectResponse copyBlob(CopyObjectRequest request) {
    access.read(request.sourceBucket(), request.sourceKey());
    mayWrite(request.destinationBucket(), request.destinationKey());
    if (!objects.writeOnce(request.destinationBucket(), request.destinationKey())) {
      return objects.written(
          request.destinationBucket(), request.destinationKey(), 0L, () -> super.copyBlob(request));
    }
    // The file system's copy would replace what is there; a put that creates does not.
    try (var source =
        super.getBlob(
            GetObjectRequest.builder()
                .bucket(request.sourceBucket())
                .key(request.sourceKey())
                .build())) {
      if (source == null) {
        throw NoSuchKeyException.builder().statusCode(404).message("no such source").build();
      }
      var made =
          putBlob(
              PutObjectRequest.builder()
                  .bucket(request.destinationBucket())
                  .key(request.destinationKey())
                  .contentLength(source.response().contentLength())
                  .build(),
              source);
      return CopyObjectResponse.builder()
          .copyObjectResult(
              CopyObjectResult.builder().eTag(made.eTag()).lastModified(objects.now()).build())
          .build();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public MultipartUpload initiateMultipartUpload(CreateMultipartUploadRequest request) {
    mayWrite(request.bucket(), request.key());
    var upload = super.initiateMultipartUpload(request);
    objects.began(upload.id(), request.key());
    access.began(upload.id(), request.key());
    return upload;
  }

  @Override
  public UploadPartResponse uploadMultipartPart(
      MultipartUpload upload, UploadPartRequest request, InputStream payload) {
    return answered(
        payload,
        () -> {
          access.upload(upload.containerName(), upload.id(), upload.blobName(), PUT);
          return objects.roomFor(
              request.contentLength(),
              () -> super.uploadMultipartPart(upload, request, watched(payload)));
        });
  }

  @Override
  public CompleteMultipartUploadResponse completeMultipartUpload(
      MultipartUpload upload, CompleteMultipartUploadRequest request) {
    access.upload(upload.containerName(), upload.id(), upload.blobName(), PUT);
    var once = objects.writeOnce(upload.containerName(), upload.blobName());
    return objects.written(
        upload.containerName(),
        upload.blobName(),
        0L,
        () ->
            super.completeMultipartUpload(
                upload,
                once ? request.toBuilder().ifNoneMatch("*").ifMatch(null).build() : request));
  }

  @Override
  public void abortMultipartUpload(MultipartUpload upload) {
    access.upload(upload.containerName(), upload.id(), upload.blobName(), ABORT);
    super.abortMultipartUpload(upload);
  }

  @Override
  public List<Part> listMultipartUpload(MultipartUpload upload) {
    access.upload(upload.containerName(), upload.id(), upload.blobName(), LIST);
    return super.listMultipartUpload(upload);
  }

  @Override
  public List<software.amazon.awssdk.services.s3.model.MultipartUpload> listMultipartUploads(
      String container) {
    access.administer();
    return super.listMultipartUploads(container);
  }

  // ---- deleting

  @Override
  public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
    if (request.key().startsWith(STUB)) {
      stub(request.bucket(), request.key());
    } else {
      access.delete(request.bucket(), request.key());
    }
    return super.removeBlob(request);
  }

  @Override
  public DeleteObjectsResponse removeBlobs(DeleteObjectsRequest request) {
    for (var object : request.delete().objects()) {
      access.delete(request.bucket(), object.key());
    }
    return super.removeBlobs(request);
  }

  // ---- buckets

  @Override
  public ListBucketsResponse list() {
    access.administer();
    return super.list();
  }

  @Override
  public HeadBucketResponse headBucket(HeadBucketRequest request) {
    access.list(request.bucket(), "");
    return super.headBucket(request);
  }

  @Override
  public ObjectCannedACL getBlobAccess(String container, String name) {
    mayRead(container, name);
    return ObjectCannedACL.PRIVATE;
  }

  @Override
  public void close() {
    // The store underneath belongs to the server, not to one request.
  }

  /** Reads what a refused sender still sends: one that is cut off never sees why. */
  private static <T> T answered(InputStream payload, Supplier<T> write) {
    try {
      return write.get();
    } catch (S3Exception e) {
      try {
        long left = MOST_DRAINED;
        var buffer = new byte[1 << 16];
        int count;
        while (left > 0 && (count = payload.read(buffer)) >= 0) {
          left -= count;
        }
      } catch (IOException closed) {
        // The sender went away by itself.
      }
      throw e;
    }
  }

  /** A body that stops counting once its sender was fenced: nothing of it becomes an object. */
  private InputStream watched(InputStream payload) {
    return new FilterInputStream(payload) {
      @Override
      public int read() throws IOException {
        int one = super.read();
        return ended(one, one);
      }

      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        int count = super.read(into, from, length);
        return ended(count, count);
      }

      private int ended(int count, int answer) {
        if (count < 0) {
          access.still();
        }
        return answer;
      }
    };
  }
}
