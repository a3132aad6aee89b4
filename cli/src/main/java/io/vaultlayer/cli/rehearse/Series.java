package io.vaultlayer.cli.rehearse;

import io.vaultlayer.core.progress.StepLine;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What a run told of its steps, attempt by attempt. Safe from any thread. */
final class Series {
  /** A script that prints more steps than this in a rehearsal is read no further. */
  private static final int MOST_POINTS = 200_000;

  /**
   * @param loss and learningRate empty where they were not told for this step
   */
  record Point(OptionalDouble loss, OptionalDouble learningRate) {
    Point or(Point other) {
      return new Point(
          loss.isPresent() ? loss : other.loss,
          learningRate.isPresent() ? learningRate : other.learningRate);
    }
  }

  private final Map<Integer, TreeMap<Long, Point>> attempts = new HashMap<>();
  private int points;

  /** The first telling of a step counts: what comes later may be a summary. */
  synchronized void tell(int attempt, long step, Point point) {
    if (points < MOST_POINTS) {
      points++;
      attempts.computeIfAbsent(attempt, _ -> new TreeMap<>()).merge(step, point, Point::or);
    }
  }

  void line(int attempt, String line) {
    var seen = StepLine.parse(line);
    if (seen.step().isPresent()) {
      tell(attempt, seen.step().getAsLong(), new Point(seen.loss(), seen.learningRate()));
    }
  }

  /** By step, of one attempt. */
  synchronized NavigableMap<Long, Point> of(int attempt) {
    return new TreeMap<>(attempts.getOrDefault(attempt, new TreeMap<>()));
  }
}
