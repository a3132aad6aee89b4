package io.vaultlayer.core.cadence;

import java.util.List;

/** How long an instance of a place lives on average, from what was seen of it. */
public final class Lifetimes {
  /**
   * Assumed of spot where nothing was seen: measured zones lie between 0.8 and 8 hours. Half of it
   * saves 1.4 times as often.
   */
  public static final double SPOT_SECONDS = 4 * 3600;

  /** Assumed of what is not reclaimed: hosts and processes die all the same, some in a week. */
  public static final double ON_DEMAND_SECONDS = 7 * 86_400;

  private Lifetimes() {}

  /**
   * One instance's life in that place, seen until it was lost or until it ended otherwise.
   *
   * @param lost taken away, or dead, without the job's wish
   */
  public record Life(double seconds, boolean lost) {}

  /**
   * Mean seconds between losses: the time that was seen over the losses in it, where what is
   * assumed of the pricing counts as one loss that was seen already.
   *
   * @param pricing {@code spot} or another
   * @return above 0 and finite
   */
  public static double meanSeconds(String pricing, List<Life> seen) {
    double assumed = pricing.equals("spot") ? SPOT_SECONDS : ON_DEMAND_SECONDS;
    double time = assumed;
    long losses = 1;
    for (var life : seen) {
      if (life.seconds() >= 0 && Double.isFinite(life.seconds())) {
        time += life.seconds();
        losses += life.lost() ? 1 : 0;
      }
    }
    return time / losses;
  }
}
