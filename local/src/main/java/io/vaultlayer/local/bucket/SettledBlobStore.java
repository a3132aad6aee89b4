package io.vaultlayer.local.bucket;

import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import software.amazon.awssdk.services.s3.model.BucketCannedACL;
import software.amazon.awssdk.services.s3.model.CreateBucketRequest;
import software.amazon.awssdk.services.s3.model.CreateBucketResponse;
import software.amazon.awssdk.services.s3.model.DeleteBucketEncryptionRequest;
import software.amazon.awssdk.services.s3.model.DeleteBucketEncryptionResponse;
import software.amazon.awssdk.services.s3.model.GetBucketAclRequest;
import software.amazon.awssdk.services.s3.model.GetBucketAclResponse;
import software.amazon.awssdk.services.s3.model.GetObjectAclRequest;
import software.amazon.awssdk.services.s3.model.GetObjectAclResponse;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsRequest;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.PutBucketEncryptionRequest;
import software.amazon.awssdk.services.s3.model.PutBucketEncryptionResponse;
import software.amazon.awssdk.services.s3.model.PutBucketVersioningRequest;
import software.amazon.awssdk.services.s3.model.PutBucketVersioningResponse;

/**
 * The file system's store with the settings of its buckets out of every request's reach: buckets
 * come from the template, and there are no access lists and no versions.
 */
abstract class SettledBlobStore extends ForwardingBlobStore {
  private static final String TEMPLATE = "buckets come from the template";
  private static final String LISTS = "there are no access lists here";

  SettledBlobStore(BlobStore files) {
    super(files);
  }

  @Override
  public CreateBucketResponse createContainer(CreateBucketRequest request) {
    throw Denied.because(TEMPLATE);
  }

  @Override
  public void clearContainer(ListObjectsV2Request request) {
    throw Denied.because(TEMPLATE);
  }

  @Override
  public void deleteContainer(String container) {
    throw Denied.because(TEMPLATE);
  }

  @Override
  public void deleteBucket(String container) {
    throw Denied.because(TEMPLATE);
  }

  @Override
  public BucketCannedACL getContainerAccess(String container) {
    return BucketCannedACL.PRIVATE;
  }

  @Override
  public GetBucketAclResponse getContainerAcl(GetBucketAclRequest request) {
    throw Denied.because(LISTS);
  }

  @Override
  public void setContainerAccess(String container, BucketCannedACL acl) {
    throw Denied.because(LISTS);
  }

  @Override
  public ObjectCannedACL getBlobAccess(String container, String name, String version) {
    return getBlobAccess(container, name);
  }

  @Override
  public GetObjectAclResponse getBlobAcl(GetObjectAclRequest request) {
    throw Denied.because(LISTS);
  }

  @Override
  public void setBlobAccess(String container, String name, ObjectCannedACL acl) {
    throw Denied.because(LISTS);
  }

  @Override
  public void setBlobAccess(String container, String name, ObjectCannedACL acl, String version) {
    throw Denied.because(LISTS);
  }

  @Override
  public PutBucketVersioningResponse putBucketVersioning(PutBucketVersioningRequest request) {
    throw Denied.because(TEMPLATE);
  }

  @Override
  public PutBucketEncryptionResponse putBucketEncryption(PutBucketEncryptionRequest request) {
    throw Denied.because(TEMPLATE);
  }

  @Override
  public DeleteBucketEncryptionResponse deleteBucketEncryption(
      DeleteBucketEncryptionRequest request) {
    throw Denied.because(TEMPLATE);
  }

  @Override
  public ListObjectVersionsResponse listVersions(ListObjectVersionsRequest request) {
    throw Denied.because("there are no versions here");
  }
}
