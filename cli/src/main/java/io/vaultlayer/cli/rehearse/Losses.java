package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.rehearse.Series.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalDouble;

/** Two runs' losses at the same steps: the same, as near as two runs are, or another training. */
final class Losses {
  /** Standard errors by which the means of two equally good runs hardly ever differ. */
  private static final double SURE = 4;

  /** Of the way that the training has come: a run that is further off than this has lost it. */
  private static final double SHARE = 0.25;

  private static final int FEW = 5;

  enum Likeness {
    SAME,
    NEAR,
    OFF,
    /** Nothing to compare, or a loss that does not move enough to tell one from the other. */
    UNKNOWN
  }

  private final List<Double> here = new ArrayList<>();
  private final List<Double> there = new ArrayList<>();
  private final List<Double> before = new ArrayList<>();

  /**
   * @param alone the uninterrupted run
   * @param other another one; only its steps from {@code first} to {@code last} are looked at
   */
  Losses(NavigableMap<Long, Point> alone, NavigableMap<Long, Point> other, long first, long last) {
    if (first <= last) {
      other
          .subMap(first, true, last, true)
          .forEach((step, point) -> {
            var same = alone.get(step);
            if (same != null && same.loss().isPresent() && point.loss().isPresent()) {
              here.add(same.loss().getAsDouble());
              there.add(point.loss().getAsDouble());
            }
          });
    }
    alone.values().stream()
        .map(Point::loss)
        .filter(OptionalDouble::isPresent)
        .forEach(loss -> before.add(loss.getAsDouble()));
  }

  int count() {
    return here.size();
  }

  /** Whether the first of the common steps has the same loss. */
  boolean beginsTheSame() {
    return !here.isEmpty() && here.getFirst().equals(there.getFirst());
  }

  Likeness likeness() {
    if (here.isEmpty()) {
      return Likeness.UNKNOWN;
    }
    if (here.equals(there)) {
      return Likeness.SAME;
    }
    if (there.stream().anyMatch(loss -> !Double.isFinite(loss))) {
      return Likeness.OFF;
    }
    double off = Math.abs(mean(there) - mean(here));
    double noise = Math.max(SURE * spread() * Math.sqrt(2.0 / here.size()), tiny());
    double way = Math.abs(mean(before.subList(0, Math.min(FEW, before.size()))) - mean(here));
    if (way <= noise) {
      return off > Math.max(noise, SHARE * way) * 2 ? Likeness.OFF : Likeness.UNKNOWN;
    }
    return off <= Math.max(noise, SHARE * way) ? Likeness.NEAR : Likeness.OFF;
  }

  /** Standard deviation of one step's loss around its trend. */
  private double spread() {
    var jumps = new ArrayList<Double>();
    for (int i = 1; i < before.size(); i++) {
      jumps.add(Math.abs(before.get(i) - before.get(i - 1)));
    }
    jumps.sort(Double::compare);
    // The median of the difference of two normal values is 0.954 of their deviation.
    return jumps.isEmpty() ? 0 : jumps.get(jumps.size() / 2) / 0.954;
  }

  private double tiny() {
    return 1e-3 * Math.abs(mean(here)) + 1e-12;
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
  }
}
