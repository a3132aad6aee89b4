package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.reap.Reaper;
import io.vaultlayer.core.reap.Reason;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every order in which the instances of a small job can come, stay, be lost and go, with the real
 * machine, the real reaper and the real money. In each world it is asked in addition what would
 * become of it if all faults ended now: nothing may leak, nothing may stay unpaid.
 */
class ReapModelTest {
  private static final int MOST_WORLDS = Integer.getInteger("vaultlayer.model.worlds", 400_000);

  /**
   * A world that is explored with the real reaper.
   *
   * @param small explored whole in an ordinary run
   * @param reasons that must be given in it, or it explores nothing of what it is there for
   */
  record Explored(String name, ReapBounds bounds, boolean small, Reason... reasons) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Explored> worlds() {
    return List.of(
        new Explored(
            "instances of one epoch",
            new ReapBounds(1, 2, 2, false, false, false, 1),
            true,
            Reason.OWNED,
            Reason.AWAITED,
            Reason.OWNED_NOT_SHOWN,
            Reason.OWNED_PARTIAL_LIST,
            Reason.OWNED_NO_LIST,
            Reason.ANSWER_LOST,
            Reason.NOT_OWNED,
            Reason.STILL_THERE,
            Reason.UNOWNED_PARTIAL_LIST,
            Reason.UNOWNED_NO_LIST,
            Reason.UNOWNED_NOT_YET_VISIBLE,
            Reason.LIST_AGREES,
            Reason.STAYS_GONE),
        new Explored(
            "a create repeated by mistake",
            new ReapBounds(1, 2, 1, true, false, false, 1),
            true,
            Reason.COPIES_BESIDE_THE_OWNER,
            Reason.COPIES_GONE,
            Reason.OWNED_OTHERS_SHOWN),
        new Explored(
            "creates after the window",
            new ReapBounds(1, 2, 2, false, true, false, 1),
            true,
            Reason.BACK_AGAIN),
        new Explored("two epochs", new ReapBounds(2, 2, 1, false, false, false, 1), true),
        new Explored(
            "a successor's instance", new ReapBounds(2, 2, 2, false, false, true, 0), false),
        new Explored(
            "instances, everything at once", new ReapBounds(2, 3, 3, true, true, true, 1), false));
  }

  static List<ReapMutants> mutants() {
    return ReapMutants.all();
  }

  @ParameterizedTest
  @MethodSource("worlds")
  void noOrderOfEventsLeaksAnInstanceOrItsMoney(Explored world) {
    var moves = new ReapMoves(Reaper::decide, world.bounds());
    var found = ModelSearch.search(moves, MOST_WORLDS);
    System.out.println(found.told(world.name()));
    assertThat(found.story()).as("how %s breaks a law", world.name()).isEmpty();
    assertThat(List.of(world.reasons())).as("given in %s", world).isSubsetOf(moves.reasons());
    assertThat(found.exhausted() || !world.small()).as("%s is explored whole", world).isTrue();
    assertThat(moves.reasons())
        .as("what these worlds have none of")
        .doesNotContainAnyElementsOf(
            EnumSet.of(Reason.PROVIDER_UNKNOWN, Reason.NO_ITEM, Reason.JOB_UNKNOWN));
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void everyPlantedFaultIsCaught(ReapMutants mutant) {
    var found = ModelSearch.search(new ReapMoves(mutant.judge(), mutant.bounds()), MOST_WORLDS);
    assertThat(found.story()).as("how '%s' is caught", mutant.name()).isNotEmpty();
    System.out.println(found.caught(mutant.name()));
  }
}
