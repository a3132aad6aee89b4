package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.AttemptApi;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A program that hangs while its agent beats: restarted in place, then moved to another machine.
 */
class StallTest {
  private final World world = new World();

  private FakeAgent running() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    agent.beat("running", null);
    return agent;
  }

  private String beats(FakeAgent agent, Duration time, long step) {
    String command = null;
    for (long s = 0; s < time.toSeconds(); s += 2) {
      world.pass(Duration.ofSeconds(2));
      command = agent.beat("running", step).as(AttemptApi.HeartbeatAck.class).command();
    }
    return command;
  }

  private FakeAgent stalled(FakeAgent agent, long step) {
    beats(agent, Duration.ofSeconds(10), step);
    beats(agent, Duration.ofSeconds(10), step + 1);
    assertThat(beats(agent, Duration.ofMinutes(9), step + 1)).isNull();
    assertThat(beats(agent, Duration.ofSeconds(64), step + 1)).isEqualTo(AttemptApi.RESTART);
    return agent;
  }

  @Test
  void aStallIsRestartedInPlaceAndMovedWhenItStallsAgain() {
    var job = world.submit(Map.of());
    var agent = stalled(running(), 5);
    agent.commit(6);
    assertThat(agent.restartStalled("vla_again").status()).isEqualTo(200);
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(world.status(job).attempts().getFirst().outcome()).isEqualTo("stalled");
    agent.beat("running", 7L);
    beats(agent, Duration.ofSeconds(10), 8);
    beats(agent, Duration.ofMinutes(9), 9);
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    for (int i = 0; i < 45 && world.lease(job).epoch() == 2; i++) {
      world.pass(Duration.ofSeconds(2));
      agent.beat("running", 9L);
    }
    assertThat(world.lease(job).epoch()).isEqualTo(3);
    assertThat(world.status(job).attempts()).extracting("outcome").startsWith("stalled", "stalled");
    assertThat(agent.beat("running", 9L).code()).isEqualTo("fenced");
    assertThat(world.log).anyMatch(l -> l.contains("alarm") && l.contains("stalled"));
    assertThat(world.log).anyMatch(l -> l.contains("StallsFound"));
  }

  @Test
  void anAgentThatDoesNotRestartItLosesTheJob() {
    var job = world.submit(Map.of());
    var agent = stalled(running(), 5);
    beats(agent, Duration.ofMinutes(4), 6);
    assertThat(world.lease(job).epoch()).isEqualTo(1);
    for (int i = 0; i < 60 && world.lease(job).epoch() == 1; i++) {
      world.pass(Duration.ofSeconds(2));
      agent.beat("running", 6L);
    }
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(world.status(job).attempts().getFirst().outcome()).isEqualTo("stalled");
  }

  @Test
  void aStepThatAdvancesWithdrawsTheStall() {
    var job = world.submit(Map.of());
    var agent = stalled(running(), 5);
    assertThat(beats(agent, Duration.ofSeconds(2), 7)).isNull();
    assertThat(world.lease(job).run().stalledAt()).isEmpty();
    assertThat(beats(agent, Duration.ofMinutes(9), 7)).isNull();
    assertThat(world.lease(job).epoch()).isEqualTo(1);
  }

  @Test
  void whileAHostDrainsItBeatsMoreOften() {
    var job = world.submit(Map.of());
    var agent = running();
    assertThat(world.agent(job, 1, "reclaim", agent.token, Map.of("noticeSeconds", 60)).status())
        .isEqualTo(200);
    var ack = agent.beat("saving", 1L).as(AttemptApi.HeartbeatAck.class);
    assertThat(ack.intervalSeconds()).isEqualTo(1);
    assertThat(ack.leaseSeconds()).isEqualTo(8);
  }
}
