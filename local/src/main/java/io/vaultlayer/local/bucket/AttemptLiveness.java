package io.vaultlayer.local.bucket;

import io.vaultlayer.core.job.JobId;

/** Whether an attempt still owns its job: the stored lease says so, asked on every request. */
@FunctionalInterface
public interface AttemptLiveness {
  boolean isLive(JobId job, int epoch);
}
