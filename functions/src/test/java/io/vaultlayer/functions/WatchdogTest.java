package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.watch.Breaker;
import io.vaultlayer.core.watch.Breakers;
import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.core.watch.Reason;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.functions.state.WatchRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The real watchdog over many live jobs: outages, crashes, big tables and poisoned rows. */
class WatchdogTest {
  private final Fleet fleet = new Fleet();

  private Breaker.State breaker() {
    return Optional.ofNullable(fleet.memory().memory().breakers().byDomain().get(Breakers.FLEET))
        .map(Breaker::state)
        .orElse(Breaker.State.CLOSED);
  }

  private void passFrom(int seconds) {
    fleet.clock.advance(Duration.ofSeconds(seconds));
    fleet.tick();
  }

  // ---- mass staleness

  @Test
  void tenMinutesWithoutOurIngressFenceNobody() {
    fleet.live(1000);
    fleet.pass(Duration.ofSeconds(60), true);
    fleet.pass(Duration.ofMinutes(10), false);
    assertThat(breaker()).isEqualTo(Breaker.State.OPEN);
    fleet.pass(Duration.ofMinutes(2), true);
    assertThat(fleet.fenced()).isZero();
    assertThat(breaker()).isEqualTo(Breaker.State.CLOSED);
    assertThat(fleet.log).anyMatch(l -> l.contains("alarm") && l.contains("of 1000 attempts"));
    assertThat(fleet.log.stream().filter(l -> l.contains("BreakerOpenings")).count()).isEqualTo(1);
    assertThat(fleet.stored.all("jobs"))
        .filteredOn(i -> i.key().partition().equals("fleet"))
        .extracting(i -> i.attributes().get("code"))
        .containsExactly("breaker_open");
  }

  @Test
  void inAnOutageWhatTheProviderConfirmsIsFencedAllTheSame() {
    fleet.live(100);
    fleet.pass(Duration.ofSeconds(20), true);
    fleet.pass(Duration.ofSeconds(60), false);
    fleet.fake.vanish(fleet.label(fleet.jobs.get(3)));
    fleet.pass(Duration.ofSeconds(10), false);
    assertThat(fleet.fenced()).isEqualTo(1);
    assertThat(fleet.lease(fleet.jobs.get(3)).epoch()).isEqualTo(2);
  }

  @Test
  void anOutageLongerThanTheHoldIsFencedSlowly() {
    fleet.live(300);
    fleet.pass(Duration.ofSeconds(20), true);
    fleet.fake.failing(true);
    fleet.pass(Duration.ofMinutes(15), false);
    assertThat(fleet.fenced()).isZero();
    fleet.pass(Duration.ofMinutes(2), false);
    assertThat(breaker()).isEqualTo(Breaker.State.RELEASING);
    assertThat(fleet.fenced()).isBetween(20L, 45L);
    assertThat(fleet.stored.all("jobs"))
        .extracting(i -> i.attributes().get("code"))
        .contains("breaker_open", "breaker_releasing", "held_rate");
  }

  @Test
  void theBreakerSurvivesADeathAfterAnyWriteAndDoubledTicks() {
    int points = 0;
    for (int death = 0; death < 40; death++) {
      var world = new Fleet();
      world.live(20);
      world.tick();
      world.effects = 0;
      world.clock.advance(Duration.ofSeconds(45));
      world.diesAfter = death;
      boolean died = false;
      try {
        world.tick();
      } catch (Fleet.Died _) {
        died = true;
        points++;
      }
      world.diesAfter = -1;
      for (int i = 0; i < 12; i++) {
        world.tick();
        world.tick();
        world.clock.advance(Fleet.TICK);
      }
      world.tellingTick();
      assertThat(world.fenced()).as("fenced after a death at effect %d", death).isZero();
      assertThat(world.memory().memory().breakers().open()).containsExactly(Breakers.FLEET);
      assertThat(world.log).anyMatch(l -> l.contains("alarm"));
      if (!died) {
        assertThat(points).as("points at which the tick died").isGreaterThanOrEqualTo(3);
        return;
      }
    }
    throw new AssertionError("a tick has no end of effects");
  }

  // ---- the watchdog's own absence

  @Test
  void afterItsOwnAbsenceTheWatchdogWaitsAFullLeaseWhateverDiesOnTheWay() {
    for (int death = 0; death < 6; death++) {
      var world = new Fleet();
      world.live(3);
      world.tick();
      world.clock.advance(Duration.ofMinutes(10));
      world.effects = 0;
      world.diesAfter = death;
      try {
        world.tick();
      } catch (Fleet.Died _) {
        // The next process goes on.
      }
      world.diesAfter = -1;
      var back = world.clock.instant();
      while (world.clock.instant().isBefore(back.plusSeconds(Fleet.LEASE - 1))) {
        world.tick();
        assertThat(world.fenced()).as("death at effect %d", death).isZero();
        world.clock.advance(Duration.ofSeconds(3));
      }
      for (int i = 0; i < 20; i++) {
        world.clock.advance(Duration.ofSeconds(5));
        world.tick();
      }
      assertThat(world.fenced()).isEqualTo(3);
    }
  }

  @Test
  void aTickThatDiesHasCalledTheNextOne() {
    fleet.live(2);
    fleet.tick();
    fleet.ticks.take();
    fleet.clock.advance(Fleet.TICK);
    fleet.beforeScan =
        () -> {
          throw new Fleet.Died();
        };
    assertThatThrownBy(fleet::tick).isInstanceOf(Fleet.Died.class);
    assertThat(fleet.ticks.peek()).hasSize(2);
    fleet.beforeScan = () -> {};
    fleet.clock.advance(Fleet.TICK);
    fleet.tick();
    assertThat(fleet.memory().memory().stage()).isEqualTo(Memory.Stage.SWEEPING);
    fleet.clock.advance(Fleet.TICK);
    fleet.tick();
    assertThat(fleet.memory().memory().stage()).isEqualTo(Memory.Stage.DONE);
  }

  @Test
  void aSweepThatWasOvertakenActsOnNothing() {
    fleet.live(1);
    fleet.tick();
    fleet.clock.advance(Duration.ofSeconds(30));
    fleet.tick();
    fleet.clock.advance(Duration.ofSeconds(30));
    fleet.beforeScan =
        () -> {
          fleet.beforeScan = () -> {};
          var row = new WatchRow(fleet);
          var now = row.load();
          row.replace(now, now.orElseThrow().memory());
        };
    fleet.tick();
    assertThat(fleet.log).anyMatch(l -> l.contains("overtaken"));
    assertThat(fleet.fenced()).isZero();
  }

  @Test
  void aPlaneWithoutWorkTicksOnceAMinuteAndWritesTwoRows() {
    fleet.tick();
    fleet.ticks.take();
    fleet.effects = 0;
    passFrom(60);
    assertThat(fleet.effects).isEqualTo(2);
    assertThat(fleet.ticks.peek()).isEmpty();
    assertThat(fleet.memory().memory().stage()).isEqualTo(Memory.Stage.IDLE);
  }

  /** Queues double messages; what calls for another tick must not make ever more of them. */
  @Test
  void doubledTicksDieOutWhetherNothingIsToBeDoneOrTheStoreFails() {
    for (boolean failing : List.of(false, true)) {
      fleet.ticks.take();
      fleet.storeDown = failing;
      for (int i = 0; i < 100; i++) {
        fleet.ticks.send("{\"tick\":\"minute\"}", Duration.ZERO);
      }
      var most = 0;
      for (int round = 0; round < 8; round++) {
        var bodies = fleet.ticks.take();
        bodies.forEach(body -> fleet.tick(body));
        // A tenth of all messages comes twice.
        bodies.stream().limit(bodies.size() / 10).forEach(body -> fleet.tick(body));
        most = Math.max(most, fleet.ticks.peek().size());
        fleet.clock.advance(Fleet.TICK);
      }
      assertThat(most).as("failing: " + failing).isBetween(100, 200);
      assertThat(fleet.ticks.peek()).as("failing: " + failing).isEmpty();
    }
  }

  @Test
  void aFailingStoreIsAskedAgainUntilTheScheduleSpeaks() {
    fleet.live(1);
    fleet.storeDown = true;
    fleet.tick("{\"tick\":\"minute\"}");
    for (int tick = 0; tick < 5; tick++) {
      fleet.clock.advance(Fleet.TICK);
      var bodies = fleet.ticks.take();
      assertThat(bodies).as("tick " + tick).hasSize(1);
      fleet.tick(bodies.getFirst());
    }
    fleet.storeDown = false;
    fleet.clock.advance(Fleet.TICK);
    fleet.tick(fleet.ticks.take().getFirst());
    assertThat(fleet.memory().memory().stage()).isEqualTo(Memory.Stage.DONE);
    assertThat(fleet.ticks.peek()).as("a sweep calls anew").hasSize(1);
    assertThat(fleet.ticks.peek().getFirst()).contains("\"repeats\":6");
  }

  // ---- second opinions

  @Test
  void whenTheListFailsNobodyIsAskedOneByOne() {
    var asked = new ArrayList<String>();
    fleet.provider = counting(asked, List.of(), true);
    fleet.live(5);
    fleet.tick();
    for (int i = 0; i < 10; i++) {
      passFrom(10);
    }
    assertThat(asked).isEmpty();
    assertThat(fleet.fenced()).isEqualTo(5);
  }

  @Test
  void whatAPartialListLeavesOutIsAskedForAFewAtATime() {
    var asked = new ArrayList<String>();
    fleet.provider = counting(asked, List.of(), false);
    fleet.live(500);
    var silent = List.copyOf(fleet.jobs).subList(0, 40);
    fleet.tick();
    int most = 0;
    for (int second = 1; second <= 60; second++) {
      fleet.clock.advance(Duration.ofSeconds(1));
      for (var job : fleet.jobs) {
        if (!silent.contains(job) && second % 5 == 0) {
          fleet.beat(job);
        }
      }
      if (second % 10 == 0) {
        asked.clear();
        fleet.tick();
        most = Math.max(most, asked.size());
      }
    }
    assertThat(most).isEqualTo(16);
    assertThat(fleet.seen)
        .anySatisfy(s ->
            assertThat(s.findings())
                .filteredOn(f -> f.reason() == Reason.HELD_OPINION)
                .hasSize(24));
  }

  /** Lists nothing and says so, or fails; describes whatever it is asked about as running. */
  private Provider counting(List<String> asked, List<Provider.Seen> shown, boolean failing) {
    return new Provider() {
      @Override
      public Facts facts() {
        return fleet.fake.facts();
      }

      @Override
      public List<Offer> offers(List<GpuClass> classes) {
        return List.of();
      }

      @Override
      public Creation create(Launch launch) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Inventory list(String owner) {
        if (failing) {
          throw new ProviderFailure("no answer", null);
        }
        return new Inventory(fleet.clock.instant(), false, shown);
      }

      @Override
      public Sighting describe(String label) {
        asked.add(label);
        return Sighting.RUNNING;
      }

      @Override
      public void terminate(String label) {}

      @Override
      public void terminate(String label, String instanceId) {}

      @Override
      public void kill(String label) {}
    };
  }

  // ---- big tables and poisoned rows

  @Test
  void aTickThatRunsOutOfTimeIsContinuedByTheNextAndNobodyStarves() {
    fleet.live(2500);
    fleet.tick();
    fleet.seen.clear();
    fleet.beforeScan = () -> fleet.clock.advance(Duration.ofSeconds(9));
    var looked = new HashSet<JobId>();
    for (int i = 0; i < 2; i++) {
      fleet.clock.advance(Fleet.TICK);
      fleet.tick();
      fleet.seen.getLast().findings().forEach(f -> looked.add(f.lease().job()));
    }
    assertThat(fleet.seen).extracting(s -> s.findings().size()).containsExactly(2000, 500);
    assertThat(looked).hasSize(2500);
    assertThat(fleet.memory().memory().round().segments()).hasSize(2);
    assertThat(fleet.memory().memory().round().isDone()).isTrue();
  }

  @Test
  void aLeaseThatCannotBeReadDoesNotHideTheOthers() {
    fleet.live(3);
    var broken = fleet.jobs.getFirst();
    fleet.stored.write(
        List.of(
            new Write.Put(
                "leases",
                new Key(broken.value(), Key.SINGLE),
                Expect.anything(),
                Map.of("broken", true),
                Optional.empty())));
    fleet.fake.vanish(fleet.label(fleet.jobs.get(1)));
    fleet.clock.advance(Duration.ofSeconds(10));
    fleet.tick();
    assertThat(fleet.lease(fleet.jobs.get(1)).epoch()).isEqualTo(2);
    assertThat(fleet.log).anyMatch(l -> l.contains("alarm") && l.contains("unreadable lease"));
  }

  @Test
  void dueRowsThatStayDueDoNotStarveTheRest() {
    for (int i = 0; i < 450; i++) {
      due("instances", Instances.DUE, "vl-test-%03d".formatted(i));
    }
    for (int i = 0; i < 3; i++) {
      fleet.clock.advance(Fleet.TICK);
      fleet.tick();
    }
    assertThat(fleet.reaps.take().stream().distinct().count()).isEqualTo(450);
    fleet.clock.advance(Fleet.TICK);
    fleet.tick();
    assertThat(fleet.reaps.take()).hasSize(200).first().asString().contains("vl-test-000");
  }

  private void due(String table, String partition, String label) {
    fleet.stored.write(
        List.of(
            new Write.Put(
                table,
                Key.of(label),
                Expect.anything(),
                Map.of("label", label),
                Optional.of(new Due(partition, fleet.clock.instant())))));
  }
}
