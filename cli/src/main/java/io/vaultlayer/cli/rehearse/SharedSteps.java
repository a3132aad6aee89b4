package io.vaultlayer.cli.rehearse;

import io.vaultlayer.wire.Lists.Checkpoint;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Steps at which two runs have both saved: only there can their files be compared. */
final class SharedSteps {
  private SharedSteps() {}

  /**
   * The greatest step that both hold still.
   *
   * @param later of the run that was killed, after its loss
   */
  static OptionalLong greatest(List<Checkpoint> untouched, List<Checkpoint> later) {
    var there =
        untouched.stream()
            .filter(SharedSteps::isHeld)
            .map(Checkpoint::step)
            .collect(Collectors.toSet());
    return later.stream()
        .filter(SharedSteps::isHeld)
        .mapToLong(Checkpoint::step)
        .filter(there::contains)
        .max();
  }

  private static boolean isHeld(Checkpoint one) {
    return one.status().equals("committed");
  }

  /**
   * Whether saves seem to come every so many steps, so that another run may meet the same ones. A
   * busy machine leaves single saves out; what is left still lies on one grid. Saves by the clock
   * lie on none.
   *
   * @param saved by several runs together
   */
  static boolean comeBySteps(Collection<Long> saved) {
    var steps = new TreeSet<>(saved);
    long grid = 0;
    Long before = null;
    for (long step : steps) {
      long distance = before == null ? 0 : step - before;
      if (distance == 1) {
        return true;
      }
      grid = divisor(grid, distance);
      before = step;
    }
    return grid != 1;
  }

  private static long divisor(long a, long b) {
    return b == 0 ? a : divisor(b, a % b);
  }
}
