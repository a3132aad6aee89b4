package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The protocol's table explored: every order in which the small worlds' events can come, with the
 * real machine as the only thing that moves the lease. {@code -Dvaultlayer.model.worlds=N} visits
 * more of the big worlds than an ordinary run has time for.
 */
class LeaseModelTest {
  private static final int MOST_WORLDS = Integer.getInteger("vaultlayer.model.worlds", 400_000);

  /**
   * A world that is explored with the real machine.
   *
   * @param small explored whole in an ordinary run
   * @param edges that must be taken in it, or it explores nothing of what it is there for
   */
  record Explored(String name, ModelBounds bounds, boolean small, Edge... edges) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Explored> worlds() {
    return List.of(
        new Explored(
            "losses",
            new ModelBounds(3, 2, 2, 1, 0, 0, 0, false),
            true,
            Edge.CLAIMED,
            Edge.CLAIM_TAKEN_OVER,
            Edge.INTENDED,
            Edge.LAUNCHED,
            Edge.LAUNCH_CLOSED,
            Edge.NO_PLACE,
            Edge.REGISTERED,
            Edge.PROGRAM_STARTED,
            Edge.BEAT,
            Edge.COMMITTED,
            Edge.FENCED,
            Edge.LOST,
            Edge.SALVAGED,
            Edge.SUCCEEDED,
            Edge.FAILED),
        new Explored(
            "cancel and resume",
            new ModelBounds(3, 2, 1, 1, 1, 1, 0, false),
            true,
            Edge.CANCELLED,
            Edge.RESUMED,
            Edge.SALVAGED,
            Edge.COMMITTED),
        new Explored(
            "a rotten checkpoint",
            new ModelBounds(3, 2, 2, 1, 0, 0, 1, false),
            true,
            Edge.CONDEMNED,
            Edge.SALVAGED,
            Edge.COMMITTED),
        new Explored(
            "two launches an epoch",
            new ModelBounds(2, 2, 2, 2, 0, 0, 0, false),
            true,
            Edge.LAUNCH_CLOSED,
            Edge.FENCED),
        new Explored(
            "drains and restarts",
            new ModelBounds(2, 2, 1, 1, 0, 0, 1, true),
            true,
            Edge.DRAINING,
            Edge.SUCCESSOR_DECLARED,
            Edge.SUCCESSOR_CLOSED,
            Edge.NO_SUCCESSOR,
            Edge.RESTARTED_IN_PLACE,
            Edge.CONDEMNED),
        new Explored(
            "successors that come to nothing",
            new ModelBounds(2, 1, 1, 2, 1, 1, 0, true),
            true,
            Edge.SUCCESSOR_CLOSED,
            Edge.LAUNCH_CLOSED,
            Edge.RESUMED),
        new Explored("three hosts", new ModelBounds(3, 3, 2, 1, 0, 0, 0, false), false),
        new Explored("everything at once", new ModelBounds(3, 3, 2, 2, 1, 1, 1, true), false));
  }

  static List<ModelMutants> mutants() {
    return ModelMutants.all();
  }

  @ParameterizedTest
  @MethodSource("worlds")
  void noOrderOfEventsBreaksALaw(Explored world) {
    var moves = new ModelMoves(JobMachine::decide, world.bounds(), ModelFaults.NONE);
    var found = ModelSearch.search(moves, MOST_WORLDS);
    System.out.println(found.told(world.name()));
    assertThat(found.story()).as("how %s breaks a law", world.name()).isEmpty();
    assertThat(List.of(world.edges())).as("taken in %s", world).isSubsetOf(moves.edges());
    assertThat(found.exhausted() || !world.small()).as("%s is explored whole", world).isTrue();
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void everyPlantedFaultIsCaught(ModelMutants mutant) {
    var moves = new ModelMoves(mutant.machine(), mutant.bounds(), mutant.faults());
    var found = ModelSearch.search(moves, MOST_WORLDS);
    assertThat(found.story()).as("how '%s' is caught", mutant.name()).isNotEmpty();
    System.out.println(found.caught(mutant.name()));
  }
}
