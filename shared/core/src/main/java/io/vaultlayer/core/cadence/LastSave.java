package io.vaultlayer.core.cadence;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Whether a save is still to be begun when the machine is about to be taken away. One that does not
 * fit is worse than none: it takes the time in which what is on its way could have arrived.
 */
public final class LastSave {
  /**
   * Times what was measured: other jobs of the host drain at the same moment. At 1 every second
   * last save is late, at 3 notices of two minutes are thrown away.
   */
  public static final double MARGIN = 1.5;

  /** Until a finished save is seen and read: two looks, and the wait for files of the same step. */
  public static final double FINDING_SECONDS = 2;

  /** Assumed of an upload that was not measured yet. */
  public static final double UNMEASURED_UPLOAD_SECONDS = 5;

  private LastSave() {}

  /**
   * @param neededSeconds with the margin, from now to the commit
   * @param why for the log
   */
  public record Verdict(boolean fits, double neededSeconds, String why) {}

  /**
   * @param noticeSeconds until the machine is gone
   * @param saveSeconds how long the last save held the training up
   * @param uploadSeconds how long the last checkpoint took from there to its commit
   * @param uploading another checkpoint is on its way and goes first
   */
  public static Verdict decide(
      double noticeSeconds,
      OptionalDouble saveSeconds,
      OptionalDouble uploadSeconds,
      boolean uploading) {
    double save = finite(saveSeconds.orElse(Cadence.UNMEASURED_SAVE_SECONDS));
    double upload = finite(uploadSeconds.orElse(UNMEASURED_UPLOAD_SECONDS));
    double needed = MARGIN * (save + (uploading ? 2 : 1) * upload) + FINDING_SECONDS;
    boolean fits = needed <= noticeSeconds;
    var why =
        String.format(
            Locale.ROOT,
            "a last save takes about %.1f s of %.1f s (save %.1f s%s, upload %.1f s%s%s)",
            needed,
            noticeSeconds,
            save,
            saveSeconds.isPresent() ? "" : " assumed",
            upload,
            uploadSeconds.isPresent() ? "" : " assumed",
            uploading ? ", one is on its way" : "");
    return new Verdict(fits, needed, why);
  }

  private static double finite(double seconds) {
    return seconds >= 0 && Double.isFinite(seconds) ? seconds : Integer.MAX_VALUE;
  }
}
