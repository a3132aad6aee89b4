package io.vaultlayer.aws;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.wire.BucketLayout;
import java.time.Duration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Credentials of the agents' role, narrowed by a session policy to one job and epoch. What the role
 * itself does not allow, the policy cannot add; there is no delete in either.
 */
public final class StsJobCredentials implements JobCredentials {
  /** STS refuses a longer session policy. */
  static final int MOST_POLICY = 2048;

  private final StsClient client;
  private final Endpoints endpoints;
  private final String bucket;
  private final String role;

  /**
   * @param role ARN of the role whose credentials are issued
   */
  public StsJobCredentials(StsClient client, Endpoints endpoints, String bucket, String role) {
    this.client = client;
    this.endpoints = endpoints;
    this.bucket = bucket;
    this.role = role;
  }

  @Override
  public Issued issue(JobId job, int epoch, Duration life) {
    JobCredentials.require(epoch, life);
    try {
      var answer =
          client
              .assumeRole(request ->
                  request
                      .roleArn(role)
                      .roleSessionName(job.value() + "-e" + epoch)
                      .durationSeconds((int) life.toSeconds())
                      .policy(policy(job, epoch)))
              .credentials();
      return new Issued(
          endpoints.s3().toString(),
          endpoints.region().id(),
          bucket,
          answer.accessKeyId(),
          answer.secretAccessKey(),
          answer.sessionToken(),
          BucketLayout.job(job.value()),
          answer.expiration());
    } catch (SdkException failure) {
      throw Failures.transport("issuing credentials for " + job + " epoch " + epoch, failure);
    }
  }

  /** The session policy; no value in it needs escaping: ids and bucket names are plain. */
  String policy(JobId job, int epoch) {
    var id = job.value();
    var arn = "arn:" + PartitionMetadata.of(endpoints.region()).id() + ":s3:::" + bucket;
    var policy =
        """
        {"Version":"2012-10-17","Statement":[\
        {"Effect":"Allow",\
        "Action":["s3:PutObject","s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],\
        "Resource":["%1$s/%2$s*","%1$s/%3$s*","%1$s/%4$s*"]},\
        {"Effect":"Allow","Action":"s3:GetObject","Resource":"%1$s/%5$s*"},\
        {"Effect":"Allow","Action":"s3:ListBucket","Resource":"%1$s",\
        "Condition":{"StringLike":{"s3:prefix":"%5$s*"}}}]}\
        """
            .formatted(
                arn,
                BucketLayout.checkpoints(id, epoch),
                BucketLayout.logs(id, epoch),
                BucketLayout.outputs(id, epoch),
                BucketLayout.job(id));
    if (policy.length() > MOST_POLICY) {
      throw new IllegalStateException("the session policy has " + policy.length() + " characters");
    }
    return policy;
  }
}
