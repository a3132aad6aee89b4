package io.vaultlayer.core.retain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RetentionTest {
  private static List<CheckpointId> steps(long... steps) {
    return LongStream.of(steps).mapToObj(s -> new CheckpointId(1, s)).toList();
  }

  @Test
  void theNewestAndEveryManiethAreKept() {
    var commits = steps(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    var plan =
        Retention.plan(
            Retained.NOTHING,
            commits,
            Set.copyOf(commits.subList(8, 10)),
            Set.of(),
            new Keep(3, 4));
    assertThat(plan.doomed()).isEqualTo(steps(1, 2, 3, 5, 6, 7));
    assertThat(plan.kept()).extracting(Retained.Kept::id).isEqualTo(steps(4));
    assertThat(commits).filteredOn(plan::isPruned).isEqualTo(steps(1, 2, 3, 5, 6, 7));
    assertThat(plan.done().doomed()).isEmpty();
    assertThat(plan.done().isPruned(new CheckpointId(1, 2))).isTrue();
  }

  @Test
  void whatTheLeaseNamesIsNeverPrunedHoweverLittleIsWanted() {
    var commits = steps(1, 2, 3, 4, 5, 6);
    var plan =
        Retention.plan(
            Retained.NOTHING, commits, Set.copyOf(commits.subList(1, 4)), Set.of(), new Keep(2, 0));
    assertThat(plan.doomed()).isEqualTo(steps(1));
  }

  @Test
  void whatWasCondemnedCountsForNothingAndIsNotKept() {
    var commits = steps(1, 2, 3, 4, 5);
    var plan =
        Retention.plan(
            Retained.NOTHING,
            commits,
            Set.of(commits.getLast()),
            Set.copyOf(steps(2, 4)),
            new Keep(2, 2));
    assertThat(plan.doomed()).isEqualTo(steps(1, 2));
    assertThat(plan.kept()).isEmpty();
  }

  @Test
  void nothingNewIsDoomedBeforeTheLastPlanIsDone() {
    var first =
        Retention.plan(Retained.NOTHING, steps(1, 2, 3), Set.of(), Set.of(), new Keep(2, 0));
    assertThat(Retention.plan(first, steps(2, 3, 4), Set.of(), Set.of(), new Keep(2, 0)))
        .isEqualTo(first);
  }

  @Test
  void overAnyHistoryAFewAreKeptAndTheNewestAlways() {
    var random = new SplittableRandom(3);
    for (int run = 0; run < 200; run++) {
      var keep = new Keep(2 + random.nextInt(6), random.nextInt(5));
      var all = new ArrayList<CheckpointId>();
      var condemned = new HashSet<CheckpointId>();
      var pruned = new TreeSet<CheckpointId>();
      var state = Retained.NOTHING;
      for (int i = 1; i <= 400; i++) {
        all.add(new CheckpointId(1 + i / 50, i));
        if (random.nextInt(30) == 0) {
          condemned.add(all.getLast());
        }
        if (random.nextInt(4) > 0) {
          continue;
        }
        var now = state;
        var open = all.stream().filter(c -> now.upTo().filter(u -> c.compareTo(u) <= 0).isEmpty());
        var sound = all.stream().filter(c -> !condemned.contains(c)).toList();
        var named = Set.copyOf(sound.subList(Math.max(0, sound.size() - 2), sound.size()));
        state = Retention.plan(state, open.toList(), named, condemned, keep);
        pruned.addAll(state.doomed());
        state = state.done();
        var newest = sound.subList(Math.max(0, sound.size() - keep.last()), sound.size());
        assertThat(newest).noneMatch(state::isPruned);
        assertThat(all.stream().filter(state::isPruned).toList()).containsExactlyElementsOf(pruned);
        assertThat(state.kept().size()).isLessThanOrEqualTo(Retention.MOST_KEPT);
      }
    }
  }

  @Test
  void atLeastTwoAreKept() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Keep(1, 0));
    assertThat(CheckpointId.parse(new CheckpointId(7, 800).toString()))
        .isEqualTo(new CheckpointId(7, 800));
  }
}
