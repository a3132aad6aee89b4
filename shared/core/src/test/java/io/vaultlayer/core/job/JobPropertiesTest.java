package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Recognised;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.lease.StoredForm;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What holds of every job, whatever happens to it in whatever order. */
class JobPropertiesTest {
  private static final int SEEDS = 2000;
  private static final int EVENTS = 150;

  /** What may be accepted once more when it comes again late: it asks for nothing but "now". */
  private static final Set<String> REPEATABLE = Set.of("Claim", "Unplaced", "Cancel", "Stop");

  /** These find their own write by its effect. */
  private static final Set<String> RECOGNISED =
      Set.of(
          "Start",
          "Claim",
          "Intend",
          "Launched",
          "Register",
          "Heartbeat",
          "Reclaim",
          "PrepareSuccessor",
          "Salvage",
          "Fund",
          "Fence",
          "NextEpoch",
          "Exit");

  @FunctionalInterface
  private interface Look {
    void at(long seed, Lease before, JobEvent event, Accepted accepted);
  }

  private static void everyMove(int seeds, Look look) {
    for (long seed = 1; seed <= seeds; seed++) {
      var job = new RandomJob(seed);
      for (int i = 0; i < EVENTS; i++) {
        job.timePasses();
        var event = job.anything();
        var before = job.lease();
        if (JobMachine.decide(before, event) instanceof Accepted accepted) {
          look.at(seed, before, event, accepted);
          job.happened(event, accepted);
        }
      }
    }
  }

  @Test
  void theInvariantsHoldAfterEveryMoveAndEveryEdgeIsReached() {
    var reached = EnumSet.noneOf(Edge.class);
    everyMove(
        SEEDS,
        (seed, before, event, accepted) -> {
          reached.add(accepted.edge());
          assertThat(Invariants.broken(before, event, accepted.next()))
              .as("seed %s after %s", seed, event)
              .isEmpty();
        });
    assertThat(reached).as("edges that chance reaches").containsExactlyInAnyOrder(Edge.values());
  }

  @Test
  void anEventThatComesTwiceChangesNothingMore() {
    everyMove(
        SEEDS / 4,
        (seed, _, event, accepted) -> {
          var again = JobMachine.decide(accepted.next(), event);
          assertThat(again)
              .as("seed %s: %s told twice", seed, event)
              .isNotInstanceOf(Accepted.class);
          if (RECOGNISED.contains(Walked.name(event)) || accepted.edge() == Edge.COMMITTED) {
            assertThat(again)
                .as("seed %s: %s told twice", seed, event)
                .isEqualTo(new Recognised(accepted.next()));
          }
        });
  }

  @Test
  void anEventThatComesAgainLateIsNotAcceptedAgain() {
    for (long seed = 1; seed <= SEEDS / 4; seed++) {
      var job = new RandomJob(seed);
      for (int i = 0; i < EVENTS; i++) {
        job.timePasses();
        var event = job.anything();
        if (JobMachine.decide(job.lease(), event) instanceof Accepted accepted) {
          job.happened(event, accepted);
          for (var old : job.past()) {
            assertThat(
                    REPEATABLE.contains(Walked.name(old))
                        || !(JobMachine.decide(job.lease(), old) instanceof Accepted))
                .as("seed %s: %s comes again in %s", seed, old, job.lease())
                .isTrue();
          }
        }
      }
    }
  }

  @Test
  void everyLeaseThatAJobCanHaveIsReadAsItWasWritten() {
    everyMove(
        SEEDS / 8,
        (seed, _, _, accepted) -> {
          var lease = accepted.next();
          assertThat(LeaseCodec.parse(StoredForm.item(lease))).as("seed %s", seed).isEqualTo(lease);
        });
  }

  @Test
  void aDecisionDependsOnNothingButTheLeaseAndTheEvent() {
    everyMove(
        SEEDS / 8,
        (seed, before, event, accepted) -> {
          assertThat(JobMachine.decide(before, event)).as("seed %s", seed).isEqualTo(accepted);
        });
  }
}
