package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.rehearse.RehearsalReport.SaveRow;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.Lists.Checkpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Figures about saves. */
final class Saves {
  private Saves() {}

  /** Seconds; empty where none was seen whole. */
  static OptionalDouble median(List<Save> saves) {
    var sorted = saves.stream().filter(Save::whole).mapToDouble(Save::seconds).sorted().toArray();
    return sorted.length == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(sorted[sorted.length / 2]);
  }

  /** Steps between two committed checkpoints, the least; 1 where that cannot be said. */
  static long stepsBetween(List<Checkpoint> committed) {
    long least = Long.MAX_VALUE;
    for (int i = 1; i < committed.size(); i++) {
      least = Math.min(least, committed.get(i).step() - committed.get(i - 1).step());
    }
    return least == Long.MAX_VALUE ? 1 : Math.max(1, least);
  }

  /**
   * Seconds of training between two saves; with one save only, those before it.
   *
   * @param begun when the script began, empty where it was not seen
   */
  static OptionalDouble secondsBetween(List<Save> saves, Optional<Instant> begun) {
    var ends = saves.stream().filter(Save::whole).map(Save::ended).toList();
    if (ends.size() > 1) {
      var all = Duration.between(ends.getFirst(), ends.getLast());
      return OptionalDouble.of(all.toNanos() / 1e9 / (ends.size() - 1));
    }
    return ends.isEmpty() || begun.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(Duration.between(begun.get(), ends.getFirst()).toNanos() / 1e9);
  }

  /** Each committed checkpoint with the save that it came from. */
  static List<SaveRow> rows(List<Checkpoint> committed, List<Save> saves) {
    var rows = new ArrayList<SaveRow>();
    for (var checkpoint : committed) {
      rows.add(
          new SaveRow(
              checkpoint.step(),
              of(checkpoint, saves).map(Save::seconds).orElse(null),
              checkpoint.bytes()));
    }
    return rows;
  }

  private static Optional<Save> of(Checkpoint checkpoint, List<Save> saves) {
    var named =
        saves.stream()
            .filter(s -> s.whole() && s.step().isPresent())
            .filter(s -> s.step().getAsLong() == checkpoint.step())
            .findFirst();
    var at = Text.instant(checkpoint.committedAt());
    return named.isPresent() || at == null
        ? named
        : saves.stream()
            .filter(s -> s.whole() && s.step().isEmpty() && s.ended().isBefore(at.plusMillis(500)))
            .reduce((earlier, later) -> later);
  }
}
