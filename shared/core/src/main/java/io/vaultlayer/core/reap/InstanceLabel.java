package io.vaultlayer.core.reap;

import io.vaultlayer.core.job.JobId;
import java.util.Optional;
import java.util.regex.Pattern;

/** What an instance's label says of it: {@code vl-<owner>-<job>-e<epoch>-<n>}. */
public record InstanceLabel(String owner, JobId job, int epoch, int launch) {
  private static final Pattern SHAPE =
      Pattern.compile("vl-([a-z0-9]{1,16})-(job_[0-9a-z]{26})-e(\\d{1,9})-(\\d{1,6})");

  /** Empty for whatever is no label of ours: such an instance is nobody's business here. */
  public static Optional<InstanceLabel> parse(String text) {
    var parts = SHAPE.matcher(text);
    if (!parts.matches() || !JobId.looksLike(parts.group(2))) {
      return Optional.empty();
    }
    return Optional.of(
        new InstanceLabel(
            parts.group(1),
            new JobId(parts.group(2)),
            Integer.parseInt(parts.group(3)),
            Integer.parseInt(parts.group(4))));
  }

  @Override
  public String toString() {
    return "vl-" + owner + "-" + job + "-e" + epoch + "-" + launch;
  }
}
