package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestClassOrder;

/**
 * The protocol's table, row by row, and then the question whether every edge and every reason of
 * the machine was walked. Run the class as a whole: the last part counts what the others walked.
 */
@TestClassOrder(ClassOrderer.OrderAnnotation.class)
class JobMachineTest {
  @Nested
  class Placing extends PlacingRules {}

  @Nested
  class Registering extends RegisteringRules {}

  @Nested
  class Beating extends BeatingRules {}

  @Nested
  class Committing extends CommittingRules {}

  @Nested
  class Condemning extends CondemningRules {}

  @Nested
  class Fencing extends FencingRules {}

  @Nested
  class GivingUp extends GivingUpRules {}

  @Nested
  class Draining extends DrainingRules {}

  @Nested
  class RestartingInPlace extends RestartingRules {}

  @Nested
  class Paying extends PayingRules {}

  @Nested
  class Stalling extends StallingRules {}

  @Nested
  class Ending extends EndingRules {}

  @Nested
  class Resuming extends ResumingRules {}

  @Nested
  @Order(Integer.MAX_VALUE)
  class Coverage {
    @Test
    void everyEdgeWasTaken() {
      assertThat(Walked.edgesNeverTaken()).as("edges that no test above takes").isEmpty();
    }

    @Test
    void everyReasonWasGiven() {
      assertThat(Walked.reasonsNeverGiven()).as("reasons that no test above meets").isEmpty();
    }

    @Test
    void everyEdgeNamesTheEventsThatTakeIt() {
      for (var edge : Edge.values()) {
        assertThat(Walked.eventsOf(edge))
            .as("events that take %s", edge)
            .isEqualTo(Set.of(edge.event().split(", ")));
      }
    }

    @Test
    void everyWriteThatIsTriedAgainByItsOwnerIsRecognised() {
      assertThat(Walked.recognisedEvents())
          .containsExactlyInAnyOrder(
              "Start",
              "Claim",
              "Intend",
              "Launched",
              "Register",
              "Heartbeat",
              "Reclaim",
              "PrepareSuccessor",
              "Commit",
              "Salvage",
              "Fund",
              "Fence",
              "Stall",
              "NextEpoch",
              "Exit");
    }
  }
}
