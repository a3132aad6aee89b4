package io.vaultlayer.agent.gate;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The losses that a script has told, and whether they run away. A loss counts as running away when
 * three in a row are more than five times the median of the fifty before them. The median follows:
 * a script whose loss has really moved to another level is trusted again once half of the fifty are
 * of the new one. What is far below the level of its beginning is noise, however it jumps.
 */
public final class LossTrend {
  /**
   * Twice as many would take twice as long to trust a new level; half as many is one epoch's mood.
   */
  private static final int WINDOW = 50;

  /** Fewer say nothing of what is usual. */
  private static final int LEAST = 10;

  /** One bad batch is nothing; a run that diverges does not come back in three. */
  private static final int IN_A_ROW = 3;

  private static final double FACTOR = 5;
  private static final int BEGINNING = 5;

  /** Of the level at the beginning. */
  private static final double NOISE = 0.01;

  private final ArrayDeque<Double> window = new ArrayDeque<>();
  private final double[] beginning = new double[BEGINNING];
  private int seen;
  private int high;
  private OptionalDouble newest = OptionalDouble.empty();
  private double usual;

  /** The script has told another loss; it may be no number. */
  public synchronized void add(double loss) {
    newest = OptionalDouble.of(loss);
    if (!Double.isFinite(loss)) {
      return; // judged by itself, and no part of what is usual
    }
    if (seen < BEGINNING) {
      beginning[seen] = Math.abs(loss);
    }
    seen++;
    usual = median(window.stream().mapToDouble(Double::doubleValue).toArray());
    double floor = NOISE * median(Arrays.copyOf(beginning, Math.min(seen, BEGINNING)));
    boolean tooHigh = window.size() >= LEAST && loss > FACTOR * Math.max(Math.abs(usual), floor);
    high = tooHigh ? high + 1 : 0;
    window.addLast(loss);
    if (window.size() > WINDOW) {
      window.removeFirst();
    }
  }

  public synchronized OptionalDouble newest() {
    return newest;
  }

  /** Why a checkpoint of now is not to be trusted, in words for the user. */
  public synchronized Optional<String> problem() {
    if (newest.isPresent() && !Double.isFinite(newest.getAsDouble())) {
      return Optional.of("the loss was " + newest.getAsDouble() + " when it was saved");
    }
    return high >= IN_A_ROW
        ? Optional.of(
            "the loss has jumped to %.4g, from a median of %.4g"
                .formatted(newest.getAsDouble(), usual))
        : Optional.empty();
  }

  private static double median(double[] values) {
    if (values.length == 0) {
      return 0;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
