package io.vaultlayer.core.job;

import java.util.Locale;

/** Where a job stands (contract, section 1). The last four are final. */
public enum JobState {
  /** Submitted; due once its work directory was seen. */
  QUEUED,
  /** A provisioner holds the claim and looks for a place. */
  PLACING,
  /** No capacity; tried again at the due time. */
  WAITING,
  /** An instance exists and boots. */
  STARTING,
  /** The user's program runs. */
  RUNNING,
  /** A reclaim notice came; the attempt drains. */
  SAVING,
  /** The attempt is over, the next one is due. */
  RECOVERING,
  SUCCEEDED,
  FAILED,
  CANCELLED,
  STOPPED;

  public boolean isFinal() {
    return switch (this) {
      case SUCCEEDED, FAILED, CANCELLED, STOPPED -> true;
      case QUEUED, PLACING, WAITING, STARTING, RUNNING, SAVING, RECOVERING -> false;
    };
  }

  /** True while an instance may own the job, so that the watchdog watches its deadline. */
  public boolean isWatched() {
    return switch (this) {
      case STARTING, RUNNING, SAVING -> true;
      case QUEUED, PLACING, WAITING, RECOVERING, SUCCEEDED, FAILED, CANCELLED, STOPPED -> false;
    };
  }

  /** The name on the wire. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static JobState parse(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }
}
