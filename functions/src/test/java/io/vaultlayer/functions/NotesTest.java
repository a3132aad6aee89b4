package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import io.vaultlayer.wire.Lists.DecisionRow;
import io.vaultlayer.wire.Lists.Decisions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Reasons for doing nothing: cheap however often they are said, and told in their place. */
class NotesTest {
  private final World world = new World();
  private final String job = world.submit(Map.of());

  private void say(String text) {
    world.control.notes().say(new JobId(job), 1, "no_capacity", text);
  }

  private List<DecisionRow> explain() {
    return page(Map.of()).decisions();
  }

  private Decisions page(Map<String, String> query) {
    return world
        .call("GET /v1/jobs/{id}/explain", Map.of("id", job), query, Map.of(), "")
        .as(Decisions.class);
  }

  private DecisionRow note() {
    return explain().stream().filter(r -> r.edge() == null).findFirst().orElseThrow();
  }

  private long versionOfTheNote() {
    return world.store.all("jobs").stream()
        .filter(i -> i.key().sort().equals("n#00000001#no_capacity"))
        .findFirst()
        .orElseThrow()
        .version();
  }

  @Test
  void whatIsSaidAThousandTimesInAMinuteIsWrittenTenTimes() {
    for (int i = 0; i < 1000; i++) {
      say("look " + i);
    }
    assertThat(versionOfTheNote()).isEqualTo(10);
    assertThat(note().count()).isEqualTo(512);
    world.clock.advance(Duration.ofMinutes(1));
    say("a minute later");
    assertThat(versionOfTheNote()).isEqualTo(11);
    assertThat(note().count()).isEqualTo(1001);
    assertThat(note().reason()).isEqualTo("no_capacity: a minute later");
    assertThat(note().until()).isEqualTo(world.clock.instant().toString());
    assertThat(world.log).filteredOn(l -> l.contains("\"verdict\"")).hasSize(11);
  }

  @Test
  void aProcessThatDoesNotRememberTheNoteKeepsToTheSameRate() {
    for (int i = 0; i < 100; i++) {
      Control.on(world, new DecisionLog(line -> {}))
          .notes()
          .say(new JobId(job), 1, "no_capacity", "");
    }
    assertThat(versionOfTheNote()).isLessThanOrEqualTo(2);
  }

  @Test
  void aNoteStandsBetweenTheDecisionsWhereItWasFirstSaid() {
    world.clock.advance(Duration.ofSeconds(1));
    say("before the agent came");
    world.clock.advance(Duration.ofSeconds(1));
    FakeAgent.ofLastLaunch(world).register();
    assertThat(explain())
        .extracting(r -> r.edge() == null ? r.reason() : r.edge())
        .endsWith("LAUNCHED", "no_capacity: before the agent came", "REGISTERED");
    assertThat(note().state()).isEqualTo("starting");
    assertThat(note().event()).isNull();
    assertThat(note().effects()).isEmpty();
  }

  @Test
  void aDecisionTellsWhatFollowedFromIt() {
    FakeAgent.ofLastLaunch(world).register();
    assertThat(explain())
        .filteredOn(r -> "REGISTERED".equals(r.edge()))
        .first()
        .extracting(DecisionRow::effects)
        .isEqualTo(List.of("announce AttemptStarted", "watch"));
  }

  @Test
  void pagesTellTheSameStoryAsTheWhole() {
    for (int i = 0; i < 5; i++) {
      world.clock.advance(Duration.ofSeconds(1));
      world.control.notes().say(new JobId(job), 1, "reason_" + i, "said");
      if (i % 2 == 0) {
        world.call("POST /v1/jobs/{id}/cancel", Map.of("id", job), Map.of(), "");
        world.clock.advance(Duration.ofSeconds(1));
        var epoch = world.lease(job).epoch();
        world.call(
            "POST /v1/jobs/{id}/resume", Map.of("id", job), Map.of(), Map.of("epoch", epoch));
      }
    }
    var rows = new ArrayList<DecisionRow>();
    String after = null;
    do {
      var page = page(after == null ? Map.of("limit", "2") : Map.of("limit", "2", "after", after));
      rows.addAll(page.decisions());
      after = page.next();
    } while (after != null);
    assertThat(rows).isEqualTo(explain()).filteredOn(r -> r.edge() == null).hasSize(5);
    assertThat(
            world
                .call(
                    "GET /v1/jobs/{id}/explain",
                    Map.of("id", job),
                    Map.of("after", "nonsense"),
                    Map.of(),
                    "")
                .status())
        .isEqualTo(400);
  }

  @Test
  void whatHoldsEverybodyUpIsToldToThoseWhoLivedThen() {
    var since = world.clock.instant().minusSeconds(100);
    world.control.notes().sayToAll("breaker_open", since, "half of the leases went stale at once");
    assertThat(note().reason()).startsWith("breaker_open: ");
    assertThat(note().epoch()).isNull();
    assertThat(Instant.parse(note().at()))
        .as("nobody is told of what was before his time")
        .isEqualTo(world.control.records().spec(new JobId(job)).orElseThrow().submittedAt());
    world.clock.advance(Duration.ofHours(1));
    var later = world.submit(Map.of());
    assertThat(
            world
                .call("GET /v1/jobs/{id}/explain", Map.of("id", later), Map.of(), "")
                .as(Decisions.class)
                .decisions())
        .noneMatch(r -> r.reason().startsWith("breaker_open"));
    world.store.expire(world.clock.instant().plus(Duration.ofDays(31)));
    assertThat(explain()).noneMatch(r -> r.epoch() == null);
  }

  @Test
  void aWaitingJobTellsWhatItSawAndWhenItLooksAgain() {
    world.provider.offers(
        new Offer("fake", "here", GpuClass.CPU, 1, 0, "spot", 2.0, "m-1", true),
        new Offer("fake", "here", GpuClass.CPU, 1, 0, "on-demand", 0.5, "m-2", true));
    var waiting = world.submit(Map.of("maxPriceUsdPerHour", 1.0, "pricing", "spot"));
    var told =
        world
            .call("GET /v1/jobs/{id}/explain", Map.of("id", waiting), Map.of(), "")
            .as(Decisions.class)
            .decisions()
            .getLast();
    assertThat(told.state()).isEqualTo("waiting");
    assertThat(told.reason())
        .startsWith("waiting_for_capacity: next look at 2026-01-01T00:00:")
        .endsWith("fake has 2 offers (1 above $1.00/h, 1 not spot)");
  }

  @Test
  void aRefusedOfferAndAnAmbiguousLaunchAreTold() {
    world.provider.nextCreate(new NextCreate.Refuse(Provider.Refusal.NO_CAPACITY));
    var refused = world.submit(Map.of());
    assertThat(reasons(refused))
        .anySatisfy(r ->
            assertThat(r)
                .startsWith("waiting_for_capacity: ")
                .endsWith("fake cpu spot at $0.00/h: refused: told to refuse"));
    world.provider.nextCreate(new NextCreate.Ambiguous(false));
    var ambiguous = world.submit(Map.of());
    assertThat(reasons(ambiguous)).anyMatch(r -> r.startsWith("launch_ambiguous: "));
    assertThat(world.log)
        .filteredOn(l -> l.contains("_aws") && l.contains("LaunchesAmbiguous"))
        .hasSize(1);
  }

  private List<String> reasons(String of) {
    return world
        .call("GET /v1/jobs/{id}/explain", Map.of("id", of), Map.of(), "")
        .as(Decisions.class)
        .decisions()
        .stream()
        .map(DecisionRow::reason)
        .toList();
  }

  @Test
  void aNoteHasACodeAndALimitedText() {
    assertThatThrownBy(() -> world.control.notes().say(new JobId(job), 1, "No Capacity", ""))
        .isInstanceOf(IllegalArgumentException.class);
    say("x".repeat(10_000));
    assertThat(note().reason().length()).isLessThan(600);
  }
}
