package io.vaultlayer.core.cadence;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How long to train between two saves. Saving more often costs time, saving more seldom costs work
 * when the machine is taken away; in between lies the interval with the least expected loss.
 */
public final class Cadence {
  /**
   * Most of the time that saves may take. At half of it flaky places lose more work than they save;
   * at twice it a training feels its saves.
   */
  public static final double MOST_SHARE = 0.05;

  /**
   * Never closer together, however cheap a save is. At half of it the bucket's requests and the
   * control plane's look at each checkpoint cost more than the work that is saved.
   */
  public static final double FLOOR_SECONDS = 60;

  /**
   * Never further apart, unless {@link #MOST_SHARE} asks for it. Real reclaims come in bursts, so
   * that the mean says too little; at twice it a bad hour loses two.
   */
  public static final double CEILING_SECONDS = 3600;

  /** Assumed of a save that was not measured yet; the first one asked for measures it. */
  public static final double UNMEASURED_SAVE_SECONDS = 10;

  /** Nearly nothing, and some thirty thousand years: measured by nobody, but no trouble either. */
  private static final double LEAST_SECONDS = 1e-3;

  private static final double MOST_SECONDS = 1e12;

  private Cadence() {}

  /**
   * What is known of the saves of one training.
   *
   * @param stepsSinceSave steps done after the newest complete save (or the start); empty where no
   *     step is known
   * @param secondsSinceSave since that save was complete, or the training began
   * @param saveSeconds how long the last save held the training up
   * @param uploadSeconds how long the last checkpoint took from there to its commit
   */
  public record Known(
      OptionalLong stepsSinceSave,
      double secondsSinceSave,
      OptionalDouble saveSeconds,
      OptionalDouble uploadSeconds) {}

  /**
   * The interval with the least expected loss, in seconds of training between the end of one save
   * and the begin of the next: J. T. Daly, "A higher order estimate of the optimum checkpoint
   * interval for restart dumps", FGCS 22 (2006), equation 37. With d the seconds of a save and M
   * the mean seconds between losses, {@code sqrt(2 d M) (1 + sqrt(d/2M)/3 + (d/2M)/9) - d} for d
   * below 2M. Its first term alone is Young's (CACM 17, 1974). Beyond, where no interval is good,
   * it is {@code 8M/9}, where the expression arrives, instead of Daly's M: so it never falls as a
   * place gets better.
   *
   * @param saveSeconds d; what is no positive number counts as nearly nothing
   * @param mtbfSeconds M; what is no positive number counts as nearly nothing
   * @return above 0 and finite
   */
  public static double optimalSeconds(double saveSeconds, double mtbfSeconds) {
    double m = positive(mtbfSeconds);
    double x = Math.min(1, Math.sqrt(positive(saveSeconds) / (2 * m)));
    return 2 * m * x * (1 - 2 * x / 3 + x * x / 9);
  }

  /**
   * {@link #optimalSeconds} between its bounds: at least {@value #FLOOR_SECONDS} s and as long as
   * the upload of a checkpoint, at most {@value #CEILING_SECONDS} s, and in any case so long that
   * saves take at most a twentieth of the time.
   */
  public static double intervalSeconds(
      OptionalDouble saveSeconds, OptionalDouble uploadSeconds, double mtbfSeconds) {
    double save = positive(saveSeconds.orElse(UNMEASURED_SAVE_SECONDS));
    double best = optimalSeconds(save, mtbfSeconds);
    double within = Math.min(CEILING_SECONDS, Math.max(FLOOR_SECONDS, best));
    double share = save * (1 - MOST_SHARE) / MOST_SHARE;
    return Math.max(within, Math.max(share, positive(uploadSeconds.orElse(0))));
  }

  /** Whether a save is to be asked for now. */
  public static boolean isDue(Rhythm rhythm, Known known) {
    return switch (rhythm) {
      case Rhythm.Steps(long steps) ->
          known.stepsSinceSave().isPresent() && known.stepsSinceSave().getAsLong() >= steps;
      case Rhythm.Time(long seconds) -> known.secondsSinceSave() >= seconds;
      case Rhythm.Best(double mtbf) ->
          known.secondsSinceSave()
              >= intervalSeconds(known.saveSeconds(), known.uploadSeconds(), mtbf);
    };
  }

  private static double positive(double value) {
    return value > 0 ? Math.clamp(value, LEAST_SECONDS, MOST_SECONDS) : LEAST_SECONDS;
  }
}
