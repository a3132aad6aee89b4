package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import io.vaultlayer.wire.Lists;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where jobs go, where they do not go for a while, and how long they look for a place. */
class PlacementTest {
  private final World world = new World();

  private FakeAgent running() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", null).status()).isEqualTo(200);
    return agent;
  }

  private String lastMachine() {
    return world.provider.launches().getLast().offer().machineId();
  }

  private void offers(String... machines) {
    world.provider.offers(
        List.of(machines).stream()
            .map(m -> FakeProvider.offer("fake", m))
            .toArray(io.vaultlayer.core.place.Offer[]::new));
  }

  private List<Lists.DecisionRow> decisions(String job) {
    return world
        .call("GET /v1/jobs/{id}/explain", Map.of("id", job), Map.of(), "")
        .as(Lists.Decisions.class)
        .decisions();
  }

  private List<Lists.Broken> broken() {
    return world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class).broken();
  }

  private void sick(FakeAgent agent, long step) {
    agent.commit(step);
    assertThat(agent.exit("unhealthy", Map.of("detail", "XID 79")).status()).isEqualTo(200);
    world.deliver();
  }

  @Test
  void aSickMachineIsNotTakenAgain() {
    offers("m-1", "m-2");
    var job = world.submit(Map.of());
    sick(running(), 5);
    assertThat(lastMachine()).isEqualTo("m-2");
    assertThat(decisions(job)).anyMatch(d -> d.reason().contains("left out: m-1 at fake"));
    running().succeed();
    assertThat(broken()).isEmpty();
  }

  @Test
  void theLastMachineIsTakenAgainAndTheIntentSaysSo() {
    var job = world.submit(Map.of());
    sick(running(), 5);
    assertThat(lastMachine()).isEqualTo("m-1");
    assertThat(decisions(job)).anyMatch(d -> d.reason().contains("exclusion lifted"));
    running().succeed();
    world.pass(Duration.ofSeconds(10));
    assertThat(broken()).isEmpty();
  }

  @Test
  void aPlacementBehindTheRulesBackIsFound() {
    offers("m-1", "m-2");
    var job = world.submit(Map.of());
    sick(running(), 5);
    running().succeed();
    world.pass(Duration.ofSeconds(10));
    var attempts = world.control.records().attempts(new JobId(job));
    assertThat(attempts).hasSize(2);
    var forged = world.store.all("jobs").stream().filter(i -> i.key().sort().equals("a#00000002"));
    var row = forged.findFirst().orElseThrow();
    @SuppressWarnings("unchecked")
    var launch = new java.util.HashMap<>((Map<String, Object>) row.attributes().get("launch"));
    launch.put("machine", "m-1");
    var attributes = new java.util.HashMap<>(row.attributes());
    attributes.put("launch", launch);
    world.store.write(
        List.of(
            new io.vaultlayer.core.port.Write.Put(
                "jobs",
                row.key(),
                io.vaultlayer.core.port.Expect.anything(),
                attributes,
                java.util.Optional.empty())));
    assertThat(broken()).extracting(Lists.Broken::invariant).contains("INV-10");
  }

  @Test
  void aMachineThatTwoJobsFoundSickIsLeftOutForAThird() {
    offers("m-1");
    world.submit(Map.of("name", "first"));
    sick(running(), 5);
    running().succeed();
    world.submit(Map.of("name", "second"));
    assertThat(lastMachine()).isEqualTo("m-1");
    sick(running(), 5);
    running().succeed();
    offers("m-1", "m-2");
    world.submit(Map.of("name", "third"));
    assertThat(lastMachine()).isEqualTo("m-2");
    running().succeed();
    world.pass(Duration.ofHours(1));
    world.clock.advance(Duration.ofHours(24));
    world.submit(Map.of("name", "fourth"));
    assertThat(lastMachine()).isEqualTo("m-1");
  }

  @Test
  void reclaimsAndKillsExcludeNothing() {
    offers("m-1", "m-2");
    var job = world.submit(Map.of());
    var agent = running();
    agent.commit(5);
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(8));
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(lastMachine()).isEqualTo("m-1");
  }

  @Test
  void otherOffersAreTriedInTheSameLookWhenOneWasTakenByOthers() {
    offers("m-1", "m-2", "m-3", "m-4");
    for (int i = 0; i < 2; i++) {
      world.provider.nextCreate(new NextCreate.Refuse(Refusal.NO_CAPACITY));
    }
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("starting");
    assertThat(lastMachine()).isEqualTo("m-3");
    assertThat(FakeAgent.ofLastLaunch(world).bootstrap.launch()).isEqualTo(3);
    assertThat(world.lease(job).counters().waits()).isZero();
    running().succeed();
    world.pass(Duration.ofMinutes(1));
    assertThat(broken()).isEmpty();
  }

  @Test
  void aLookTriesAFewOffersAndNotAll() {
    offers("m-1", "m-2", "m-3", "m-4", "m-5");
    for (int i = 0; i < 3; i++) {
      world.provider.nextCreate(new NextCreate.Refuse(Refusal.NO_CAPACITY));
    }
    var job = world.submit(Map.of());
    assertThat(world.status(job).state()).isEqualTo("waiting");
    assertThat(world.provider.launches()).hasSize(3);
    world.pass(Duration.ofSeconds(8));
    assertThat(world.status(job).state()).isEqualTo("starting");
  }

  @Test
  void aProviderThatRefusesTheAccountIsLeftOutAndTheUserIsTold() {
    world.provider.nextCreate(new NextCreate.Refuse(Refusal.ACCOUNT));
    var job = world.submit(Map.of());
    world.pass(Duration.ofMinutes(5));
    assertThat(world.provider.launches()).hasSize(1);
    assertThat(world.status(job).warnings())
        .anyMatch(w -> w.contains("fake is left out for 10 minutes") && w.contains("told to"));
    assertThat(decisions(job)).anyMatch(d -> d.reason().contains("it refused the account"));
    for (int i = 0; i < 200 && world.provider.launches().size() < 2; i++) {
      world.pass(Duration.ofSeconds(10));
    }
    assertThat(world.status(job).state()).isEqualTo("starting");
  }

  @Test
  void aJobThatFindsNoPlaceForItsTimeFailsAndSaysWhatToDo() {
    world.provider.noCapacity(true);
    var job = world.submit(Map.of("maxWait", "30m"));
    world.pass(Duration.ofMinutes(15));
    assertThat(world.status(job).state()).isEqualTo("waiting");
    assertThat(decisions(job)).filteredOn(d -> "NO_PLACE".equals(d.edge())).hasSizeBetween(4, 9);
    world.pass(Duration.ofMinutes(27));
    assertThat(world.status(job).state()).isEqualTo("failed");
    assertThat(world.status(job).reason()).isEqualTo("no_capacity");
    assertThat(world.status(job).detail()).contains("no offer now", "vl resume");
    world.provider.noCapacity(false);
    world.call("POST /v1/jobs/{id}/resume", Map.of("id", job), Map.of(), Map.of("epoch", 1));
    world.deliver();
    assertThat(world.status(job).state()).isEqualTo("starting");
  }
}
