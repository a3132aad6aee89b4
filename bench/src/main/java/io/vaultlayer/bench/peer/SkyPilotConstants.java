package io.vaultlayer.bench.peer;

/**
 * SkyPilot's published constants for managed jobs, as of June 2026 (upstream e4aca7800), each with
 * the place in its source. Nothing else of SkyPilot is in the model.
 */
final class SkyPilotConstants {
  /** Between two looks at a running job: {@code sky/jobs/utils.py:88}. */
  static final long POLL_MILLIS = 15_000;

  /** A status call without an answer is given up: {@code sky/jobs/utils.py:101}. */
  static final long FETCH_TIMEOUT_MILLIS = 30_000;

  /** A status that cannot be had is transient for so long: {@code sky/jobs/utils.py:102}. */
  static final long TRANSIENT_MILLIS = 60_000;

  /** And for so many tries, since PR 10499. */
  static final int TRANSIENT_TRIES = 5;

  /** Between these tries, times 1.6 up to 5 s: {@code sky/jobs/controller.py:812}. */
  static final long TRANSIENT_BACKOFF_MILLIS = 1_000;

  static final long MOST_TRANSIENT_BACKOFF_MILLIS = 5_000;

  /** {@code sky/utils/common_utils.py:331}; its jitter is left out. */
  static final double BACKOFF_FACTOR = 1.6;

  /** Tries of a terminate: {@code sky/jobs/utils.py:177}. */
  static final int TERMINATE_TRIES = 6;

  /** First wait between them, times 1.6: {@code sky/jobs/utils.py:243}. */
  static final long TERMINATE_BACKOFF_MILLIS = 15_000;

  /** Between two launches without capacity: {@code sky/jobs/recovery_strategy.py:78}. */
  static final long RELAUNCH_GAP_MILLIS = 60_000;

  /** To which that grows: {@code sky/jobs/recovery_strategy.py:496}. */
  static final long MOST_RELAUNCH_GAP_MILLIS = 300_000;

  /** A launch without progress is given up (AWS): {@code cloud_vm_ray_backend.py:137}. */
  static final long LAUNCH_TIMEOUT_MILLIS = 90_000;

  /** A host ends itself after so long without a job: {@code recovery_strategy.py:51}. */
  static final long AUTODOWN_MILLIS = 600_000;

  private SkyPilotConstants() {}
}
