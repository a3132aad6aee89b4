package io.vaultlayer.local.bucket;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.wire.BucketLayout;
import java.net.URI;
import java.time.Duration;

/** Issues attempts' credentials for the local bucket, as STS does for a role on AWS. */
public final class LocalCredentials implements JobCredentials {
  private final Identities identities;
  private final URI endpoint;
  private final String bucket;
  private final String roleArn;

  public LocalCredentials(Identities identities, URI endpoint, String bucket, String roleArn) {
    this.identities = identities;
    this.endpoint = endpoint;
    this.bucket = bucket;
    this.roleArn = roleArn;
  }

  @Override
  public Issued issue(JobId job, int epoch, Duration life) {
    JobCredentials.require(epoch, life);
    var made = identities.issue(job, epoch, bucket, roleArn, life);
    return new Issued(
        endpoint.toString(),
        LocalNames.REGION,
        bucket,
        made.accessKeyId(),
        made.secret(),
        made.sessionToken(),
        BucketLayout.job(job.value()),
        made.expiresAt());
  }
}
