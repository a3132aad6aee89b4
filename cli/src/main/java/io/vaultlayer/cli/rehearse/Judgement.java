package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.rehearse.Losses.Likeness;
import io.vaultlayer.cli.rehearse.RehearsalReport.Continued;
import io.vaultlayer.cli.rehearse.RehearsalReport.Kill;
import io.vaultlayer.cli.rehearse.Series.Point;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one kill has shown. A script is good only by evidence: its steps go on where the checkpoint
 * ends, and what it has later is what the uninterrupted run has. Equal files alone are none,
 * because a deterministic script that begins anew comes to the same files.
 */
final class Judgement {
  static final String EXACTLY = "exactly";
  static final String APPROXIMATELY = "approximately";
  static final String NO = "no";
  static final String UNKNOWN = "unknown";

  static final String SAFE = "safe";
  static final String APPROXIMATE = "resumes_approximately";
  static final String FROM_ZERO = "restarts_from_zero";
  static final String BREAKS = "breaks";

  /** Worst first. */
  private static final List<String> VERDICTS =
      List.of(BREAKS, FROM_ZERO, UNKNOWN, APPROXIMATE, SAFE);

  private static final List<String> RESULTS =
      List.of("different", "not_comparable", "statistically_equal", "bit_equal");

  private static final double SAME_RATE = 1e-9;

  /**
   * A run after its machine was lost.
   *
   * @param after what it told from then on
   * @param firstStep as the control plane knows it
   * @param failed why it ended by itself and not well
   * @param compared with the uninterrupted run, at a step that both have done
   * @param deterministic whether it was the same as the uninterrupted run before it was killed
   */
  record Evidence(
      String when,
      OptionalLong killedAt,
      OptionalLong resumedFrom,
      OptionalLong firstStep,
      Optional<Double> restartSeconds,
      NavigableMap<Long, Point> after,
      Optional<String> failed,
      Optional<Comparison.Found> compared,
      Optional<Boolean> deterministic) {}

  private final NavigableMap<Long, Point> alone;
  private final Evidence seen;
  private final Losses losses;

  Judgement(NavigableMap<Long, Point> alone, Evidence seen) {
    this.alone = alone;
    this.seen = seen;
    this.losses = new Losses(alone, seen.after(), seen.resumedFrom().orElse(0) + 1, last(alone));
  }

  private static long last(NavigableMap<Long, Point> points) {
    return points.isEmpty() ? 0 : points.lastKey();
  }

  Kill kill() {
    var step = step();
    var continued =
        step.equals(NO)
            ? new Continued(NO, hasWeights() ? APPROXIMATELY : NO, anewRate(), UNKNOWN, UNKNOWN)
            : new Continued(step, loss(), learningRate(), optimizer(), rng());
    var first = firstStep();
    return new Kill(
        seen.when(),
        true,
        boxed(seen.killedAt()),
        boxed(seen.resumedFrom()),
        boxed(first),
        seen.restartSeconds().orElse(null),
        continued,
        seen.compared().map(Judgement::said).orElse(null),
        result(),
        verdict(step, continued),
        seen.failed().orElse(null));
  }

  private static String said(Comparison.Found found) {
    return found.what()
        + (found.equal()
            ? found.byValues() ? ": equal, but for names and times in its files" : ": equal"
            : ": differs in " + String.join(", ", found.differ()));
  }

  private static Long boxed(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : null;
  }

  static String worstVerdict(List<String> all) {
    return all.stream().min(java.util.Comparator.comparingInt(VERDICTS::indexOf)).orElse(UNKNOWN);
  }

  static String worstResult(List<String> all) {
    return all.stream()
        .min(java.util.Comparator.comparingInt(RESULTS::indexOf))
        .orElse("not_comparable");
  }

  private String verdict(String step, Continued continued) {
    if (step.equals(NO) && (firstStep().isPresent() || seen.failed().isEmpty())) {
      boolean anew = firstStep().orElse(0) <= seen.resumedFrom().orElse(0);
      return anew || seen.resumedFrom().isEmpty() ? FROM_ZERO : BREAKS;
    }
    if (seen.failed().isPresent()
        || continued.learningRate().equals(NO)
        || result().equals("different")) {
      return BREAKS;
    }
    if (step.equals(UNKNOWN) || result().equals("not_comparable")) {
      return UNKNOWN;
    }
    return result().equals("bit_equal") ? SAFE : APPROXIMATE;
  }

  // ---- step

  private OptionalLong firstStep() {
    return seen.firstStep().isPresent() || seen.after().isEmpty()
        ? seen.firstStep()
        : OptionalLong.of(seen.after().firstKey());
  }

  private String step() {
    var first = firstStep();
    if (seen.resumedFrom().isEmpty()) {
      return first.isPresent() || seen.failed().isEmpty() ? NO : UNKNOWN;
    }
    if (first.isEmpty()) {
      return UNKNOWN;
    }
    long from = seen.resumedFrom().getAsLong();
    long at = first.getAsLong();
    boolean zeroBased = !alone.isEmpty() && alone.firstKey() == 0;
    if (at == from + 1 || zeroBased && at == from) {
      return EXACTLY;
    }
    long gap = gap();
    if (at <= from) {
      return at <= gap ? NO : APPROXIMATELY;
    }
    if (at - from > gap) {
      return NO; // steps are missing
    }
    return at <= gap ? UNKNOWN : EXACTLY; // it prints so seldom that both would look like this
  }

  /** Between two steps that are told; where it is told at every step, 1. */
  private long gap() {
    long least = Long.MAX_VALUE;
    Long before = null;
    for (long step : alone.keySet()) {
      least = before == null ? least : Math.min(least, step - before);
      before = step;
    }
    return least == Long.MAX_VALUE ? 1 : least;
  }

  // ---- from the beginning again

  /** Its first loss is that of the restored weights and not that of fresh ones. */
  private boolean hasWeights() {
    var first = firstLoss(seen.after());
    var fresh = firstLoss(alone);
    if (seen.resumedFrom().isEmpty() || first.isEmpty() || fresh.isEmpty()) {
      return false;
    }
    long from = Math.min(seen.resumedFrom().getAsLong(), alone.lastKey() - 1);
    var restored = firstLoss(alone.tailMap(from, false));
    return restored.isPresent()
        && Math.abs(first.get() - restored.get()) < Math.abs(first.get() - fresh.get()) / 2;
  }

  private static Optional<Double> firstLoss(NavigableMap<Long, Point> points) {
    return points.values().stream()
        .filter(point -> point.loss().isPresent())
        .map(point -> point.loss().getAsDouble())
        .findFirst();
  }

  private String anewRate() {
    boolean told =
        seen.after().values().stream().anyMatch(point -> point.learningRate().isPresent());
    return told ? NO : UNKNOWN;
  }

  // ---- what it computes

  private boolean equalFiles() {
    return seen.compared().map(Comparison.Found::equal).orElse(false);
  }

  private Optional<Boolean> part(String name) {
    return seen.compared().flatMap(found -> found.part(name));
  }

  private String loss() {
    if (equalFiles()) {
      return EXACTLY;
    }
    return switch (losses.likeness()) {
      case SAME -> EXACTLY;
      case NEAR -> APPROXIMATELY;
      case OFF -> NO;
      case UNKNOWN -> UNKNOWN;
    };
  }

  private String result() {
    if (step().equals(NO)) {
      return "not_comparable"; // equal or not, it is not where it should be
    }
    if (equalFiles()) {
      return "bit_equal";
    }
    return switch (losses.likeness()) {
      case SAME, NEAR -> "statistically_equal";
      case OFF -> "different";
      case UNKNOWN -> part("weights").orElse(false) ? "statistically_equal" : "not_comparable";
    };
  }

  private String learningRate() {
    long from = seen.resumedFrom().orElse(0);
    boolean any = false;
    for (var each : seen.after().tailMap(from, false).entrySet()) {
      var same = alone.get(each.getKey());
      if (same != null
          && same.learningRate().isPresent()
          && each.getValue().learningRate().isPresent()) {
        any = true;
        double a = same.learningRate().getAsDouble();
        double b = each.getValue().learningRate().getAsDouble();
        if (Math.abs(a - b) > SAME_RATE * Math.max(Math.abs(a), Math.abs(b))) {
          return NO;
        }
      }
    }
    return any || equalFiles() || part("scheduler").orElse(false) ? EXACTLY : UNKNOWN;
  }

  private boolean deterministic() {
    return seen.deterministic().orElse(false);
  }

  /**
   * The first loss is that of the restored weights; only the next ones are the optimizer's work.
   */
  private String optimizer() {
    if (equalFiles() || part("optimizer").orElse(false)) {
      return EXACTLY;
    }
    boolean laterOnly = losses.beginsTheSame() && losses.likeness() != Likeness.SAME;
    return deterministic() && laterOnly && part("rng").orElse(true) ? NO : UNKNOWN;
  }

  /** Other random numbers or other data show in the first loss already, where they touch it. */
  private String rng() {
    if (equalFiles() || part("rng").orElse(false)) {
      return EXACTLY;
    }
    if (!deterministic() || losses.count() == 0) {
      return UNKNOWN;
    }
    if (part("rng").isPresent()) {
      return NO;
    }
    if (losses.beginsTheSame()) {
      return EXACTLY;
    }
    return losses.likeness() == Likeness.NEAR ? NO : UNKNOWN;
  }
}
