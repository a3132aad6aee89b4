package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vaultlayer.core.cadence.Lifetimes;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an agent is told of how long its place lasts, and how often its user wants saves. */
class CadenceTest {
  private final World world = new World();

  private FakeAgent started() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    agent.beat("running", 1L);
    return agent;
  }

  @Test
  void theUsersWordReachesTheAgent() {
    world.submit(Map.of("checkpointEvery", "10m"));
    assertThat(started().assignment.checkpointEvery()).isEqualTo("10m");
  }

  @Test
  void aPlaceThatTakesInstancesAwayIsToldToLastShorterAlsoToOtherJobs() {
    world.submit(Map.of("name", "first"));
    var agent = started();
    double assumed =
        agent.assignment.placeMtbfSeconds() > Lifetimes.SPOT_SECONDS
            ? Lifetimes.ON_DEMAND_SECONDS
            : Lifetimes.SPOT_SECONDS;
    assertThat(agent.assignment.placeMtbfSeconds()).isEqualTo(assumed);
    for (int i = 1; i <= 60; i++) {
      world.pass(Duration.ofSeconds(2));
      agent.beat("running", (long) i);
    }
    agent.commit(60);
    assertThat(agent.exit("reclaimed", Map.of()).status()).isEqualTo(200);
    world.deliver();
    var again = started();
    assertThat(again.assignment.placeMtbfSeconds()).isCloseTo((assumed + 120) / 2, within(30.0));
    again.succeed();
    world.submit(Map.of("name", "second"));
    assertThat(started().assignment.placeMtbfSeconds())
        .isCloseTo((assumed + 120) / 2, within(30.0));
  }
}
