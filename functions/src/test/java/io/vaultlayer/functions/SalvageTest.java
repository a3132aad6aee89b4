package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Lists;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A checkpoint that was stored whole before its owner was lost, and whose commit never came. */
class SalvageTest {
  private final World world = new World();

  private FakeAgent running() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", null).status()).isEqualTo(200);
    return agent;
  }

  private FakeAgent successorOf(FakeAgent agent) {
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(8));
    return running();
  }

  private void nothingIsBroken() {
    assertThat(world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class).broken())
        .isEmpty();
  }

  @Test
  void theNextAttemptStartsFromTheNewestThatIsWhole() {
    var job = world.submit(Map.of());
    var agent = running();
    agent.commit(50);
    world.checkpoint(job, 1, 60, "sixty");
    var late = world.checkpoint(job, 1, 70, "seventy");
    var second = successorOf(agent);
    assertThat(second.epoch).isEqualTo(2);
    assertThat(second.assignment.checkpoint().step()).isEqualTo(70);
    assertThat(world.log).anyMatch(l -> l.contains("SALVAGED"));
    assertThat(world.agent(job, 1, "commit", agent.token, late).code()).isEqualTo("fenced");
    assertThat(second.commit(80).status()).isEqualTo(200);
    second.succeed();
    nothingIsBroken();
  }

  @Test
  void halfACheckpointIsNotSalvagedAndTheOneBeforeItIs() {
    var job = world.submit(Map.of());
    var agent = running();
    world.checkpoint(job, 1, 60, "sixty");
    world.checkpoint(job, 1, 70, "seventy");
    world.bucket.delete(List.of(BucketLayout.checkpoint(job, 1, 70) + "weights.bin"));
    world.checkpoint(job, 1, 80, "eighty");
    world.bucket.delete(List.of(BucketLayout.checkpointManifest(job, 1, 80)));
    assertThat(successorOf(agent).assignment.checkpoint().step()).isEqualTo(60);
    nothingIsBroken();
  }

  @Test
  void whatItsAgentHeldBackStaysBack() {
    var job = world.submit(Map.of());
    var agent = running();
    agent.commit(50);
    world.checkpoint(job, 1, 60, "not a number");
    world.agent(job, 1, "hold", agent.token, Map.of("step", 60, "reason", "the loss is NaN"));
    assertThat(successorOf(agent).assignment.checkpoint().step()).isEqualTo(50);
  }

  @Test
  void whatIsNotNewerOrOfAnotherEpochIsLeftAlone() {
    var job = world.submit(Map.of());
    var agent = running();
    agent.commit(50);
    world.checkpoint(job, 1, 40, "forty");
    var second = successorOf(agent);
    assertThat(second.assignment.checkpoint().step()).isEqualTo(50);
    world.checkpoint(job, 1, 90, "from the dead");
    var third = successorOf(second);
    assertThat(third.epoch).isEqualTo(3);
    assertThat(third.assignment.checkpoint().step()).isEqualTo(50);
    nothingIsBroken();
  }
}
