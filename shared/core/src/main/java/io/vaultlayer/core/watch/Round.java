package io.vaultlayer.core.watch;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * One pass over the lease table, in segments that are read at the same time. A sweep that runs out
 * of time leaves the round half done, and the next sweep goes on with it: only when every segment
 * was read to its end does a new round begin, so no lease is passed over.
 *
 * @param segments where each segment goes on
 * @param rows read in this round so far
 */
public record Round(List<Position> segments, long rows) {
  /** Rows that one segment may hold before the next round gets more segments: two pages. */
  public static final int ROWS_PER_SEGMENT = 2000;

  public static final int MOST_SEGMENTS = 16;

  /** A round that has not begun, over a table that nobody has seen. */
  public static final Round START = ofSegments(1);

  /** Where a segment stands. */
  public sealed interface Position {
    record Beginning() implements Position {}

    /** Behind the page whose {@code next} this was. */
    record Behind(String cursor) implements Position {}

    record End() implements Position {}
  }

  public Round {
    segments = List.copyOf(segments);
    if (segments.isEmpty() || segments.size() > MOST_SEGMENTS) {
      throw new IllegalArgumentException(
          "1 to " + MOST_SEGMENTS + " segments, not " + segments.size());
    }
  }

  /** A round that has not begun, over a table of about so many rows. */
  public static Round begin(long rows) {
    long wanted = Math.ceilDiv(Math.max(1, rows), ROWS_PER_SEGMENT);
    return ofSegments((int) Math.min(MOST_SEGMENTS, wanted));
  }

  private static Round ofSegments(int count) {
    return new Round(Collections.nCopies(count, new Position.Beginning()), 0);
  }

  /**
   * What the next sweep does: it goes on, or begins anew with as many segments as there were rows
   * for.
   */
  public Round next() {
    return isDone() ? begin(rows) : this;
  }

  public boolean isDone() {
    return segments.stream().allMatch(Position.End.class::isInstance);
  }

  /** Where a page's reader goes on; empty at the beginning. */
  public static Optional<String> from(Position position) {
    return position instanceof Position.Behind(var cursor) ? Optional.of(cursor) : Optional.empty();
  }
}
