package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Lists;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A reclaim notice: the replacement is asked for while the instance still drains. */
class SuccessorTest {
  private final World world = new World();

  private FakeAgent running(String job) {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", null).status()).isEqualTo(200);
    assertThat(world.status(job).state()).isEqualTo("running");
    return agent;
  }

  private FakeAgent noticed(String job, int seconds) {
    var agent = running(job);
    var answer = world.agent(job, 1, "reclaim", agent.token, Map.of("noticeSeconds", seconds));
    assertThat(answer.as(AttemptApi.ReclaimAck.class).drainSeconds()).isEqualTo(seconds);
    return agent;
  }

  private void drains(FakeAgent agent, Duration time) {
    for (long left = time.toMillis(); left > 0; left -= 2000) {
      agent.beat("saving", null);
      world.pass(Duration.ofSeconds(2));
    }
  }

  private List<String> edges(String job) {
    return world
        .call("GET /v1/jobs/{id}/explain", Map.of("id", job), Map.of(), "")
        .as(Lists.Decisions.class)
        .decisions()
        .stream()
        .map(d -> d.edge())
        .toList();
  }

  private void clean(String job) {
    world.pass(Duration.ofMinutes(2));
    var check = world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class);
    assertThat(check.broken()).isEmpty();
    assertThat(world.provider.alive()).isEmpty();
    assertThat(
            world.control.records().money(new io.vaultlayer.core.job.JobId(job)).value().reserved())
        .isEmpty();
  }

  @Test
  void theReplacementIsAskedForBeforeTheInstanceIsGone() {
    world.provider.offers(FakeProvider.offer("fake", "m-1"), FakeProvider.offer("fake", "m-2"));
    var job = world.submit(Map.of());
    var agent = noticed(job, 30);
    world.deliver();
    assertThat(world.provider.alive()).hasSize(2);
    assertThat(world.provider.launches().getLast().offer().machineId()).isEqualTo("m-2");
    var successor = FakeAgent.ofLastLaunch(world);
    assertThat(successor.epoch).isEqualTo(2);
    drains(agent, Duration.ofSeconds(6));
    assertThat(successor.register().code()).isEqualTo("not_yet");
    assertThat(agent.commit(70).status()).isEqualTo(200);
    agent.exit("reclaimed", Map.of("detail", "notice of 30 s"));
    assertThat(successor.register().status()).isEqualTo(200);
    assertThat(successor.assignment.checkpoint().step()).isEqualTo(70);
    world.deliver();
    assertThat(world.provider.alive()).containsExactly(successor.bootstrap.label());
    assertThat(world.provider.launches()).hasSize(2);
    successor.beat("running", 71L);
    successor.succeed();
    clean(job);
  }

  @Test
  void whereTheNoticeIsLostToEverybodyButTheLeaseTheSweepAsksForTheReplacement() {
    var job = world.submit(Map.of());
    var agent = running(job);
    world.busLosesEverything = true;
    world.agent(job, 1, "reclaim", agent.token, Map.of("noticeSeconds", 60));
    world.deliver();
    assertThat(world.provider.alive()).hasSize(1);
    world.busLosesEverything = false;
    drains(agent, Duration.ofSeconds(4));
    assertThat(world.provider.alive()).hasSize(2);
  }

  @Test
  void aRefusedSuccessorIsReplacedByAnotherWhileItDrains() {
    world.provider.nextCreate(new NextCreate.Succeed());
    world.provider.nextCreate(new NextCreate.Refuse(Refusal.THROTTLED));
    var job = world.submit(Map.of());
    var agent = noticed(job, 60);
    world.deliver();
    assertThat(world.provider.alive()).hasSize(1);
    drains(agent, Duration.ofSeconds(14));
    assertThat(world.provider.alive()).hasSize(2);
    assertThat(edges(job)).contains("SUCCESSOR_CLOSED");
    agent.exit("reclaimed", Map.of());
    var successor = FakeAgent.ofLastLaunch(world);
    assertThat(successor.bootstrap.launch()).isEqualTo(3);
    assertThat(successor.register().status()).isEqualTo(200);
    successor.succeed();
    clean(job);
  }

  @Test
  void aSuccessorWhoseCreateIsNotAnsweredIsFoundByItsLabel() {
    world.provider.visibleAfterLists(1);
    world.provider.nextCreate(new NextCreate.Succeed());
    world.provider.nextCreate(new NextCreate.Ambiguous(true));
    var job = world.submit(Map.of());
    var agent = noticed(job, 120);
    world.deliver();
    drains(agent, Duration.ofSeconds(40));
    assertThat(world.lease(job).successor().orElseThrow().instanceId()).isPresent();
    assertThat(world.provider.launches()).hasSize(2);
    agent.exit("reclaimed", Map.of());
    var successor = FakeAgent.ofLastLaunch(world);
    assertThat(successor.register().status()).isEqualTo(200);
    successor.succeed();
    clean(job);
  }

  @Test
  void aSuccessorThatNeverAppearsIsClosedAndTheNextOneTakesOver() {
    world.provider.nextCreate(new NextCreate.Succeed());
    world.provider.nextCreate(new NextCreate.Ambiguous(false));
    var job = world.submit(Map.of());
    var agent = noticed(job, 120);
    world.deliver();
    drains(agent, Duration.ofSeconds(60));
    assertThat(edges(job)).contains("SUCCESSOR_CLOSED");
    assertThat(world.provider.alive()).hasSize(2);
    agent.exit("reclaimed", Map.of());
    FakeAgent.ofLastLaunch(world).register();
    assertThat(world.lease(job).epoch()).isEqualTo(2);
  }

  @Test
  void atMostThreeSuccessorsAreDeclaredBesideOneDrain() {
    world.provider.nextCreate(new NextCreate.Succeed());
    for (int i = 0; i < 9; i++) {
      world.provider.nextCreate(new NextCreate.Refuse(Refusal.NO_CAPACITY));
    }
    var job = world.submit(Map.of());
    var agent = noticed(job, 600);
    world.deliver();
    drains(agent, Duration.ofSeconds(300));
    assertThat(world.provider.launches()).hasSize(4);
    assertThat(world.status(job).state()).isEqualTo("saving");
  }

  @Test
  void aDrainWithoutAnOfferLooksAgainAndNotAllTheTime() {
    var job = world.submit(Map.of());
    world.provider.noCapacity(true);
    var agent = noticed(job, 600);
    world.deliver();
    drains(agent, Duration.ofSeconds(60));
    assertThat(edges(job)).filteredOn("NO_SUCCESSOR"::equals).hasSizeBetween(2, 6);
    world.provider.noCapacity(false);
    drains(agent, Duration.ofSeconds(100));
    assertThat(world.provider.alive()).hasSize(2);
  }

  @Test
  void withoutFailoverNobodyIsAskedFor() {
    var job = world.submit(Map.of("failover", false));
    var agent = noticed(job, 10);
    drains(agent, Duration.ofSeconds(4));
    assertThat(world.provider.launches()).hasSize(1);
    assertThat(world.log).anyMatch(l -> l.contains("DRAINING"));
  }

  @Test
  void aJobThatEndsWhileItDrainsLeavesNoSuccessor() {
    var job = world.submit(Map.of());
    var agent = noticed(job, 60);
    world.deliver();
    var successor = FakeAgent.ofLastLaunch(world);
    assertThat(world.provider.alive()).hasSize(2);
    world.call("POST /v1/jobs/{id}/cancel", Map.of("id", job), Map.of(), "");
    assertThat(successor.register().code()).isEqualTo("fenced");
    assertThat(agent.beat("saving", null).code()).isEqualTo("fenced");
    clean(job);
  }

  @Test
  void aSuccessorThatDiesBeforeTheFenceIsReplacedAfterIt() {
    var job = world.submit(Map.of());
    var agent = noticed(job, 60);
    world.deliver();
    var successor = FakeAgent.ofLastLaunch(world);
    drains(agent, Duration.ofSeconds(8));
    world.provider.vanish(successor.bootstrap.label());
    agent.exit("reclaimed", Map.of());
    // It never registered: absence is believed once its create call must have been answered too.
    world.pass(Duration.ofSeconds(36));
    var third = FakeAgent.ofLastLaunch(world);
    assertThat(third.epoch).isEqualTo(3);
    assertThat(third.register().status()).isEqualTo(200);
    third.succeed();
    clean(job);
  }
}
