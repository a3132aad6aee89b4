package io.vaultlayer.core.place;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.place.Exclusions.Exclusion;
import io.vaultlayer.core.place.Exclusions.Reclaimed;
import io.vaultlayer.core.place.Exclusions.Unhealthy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a job does not go, for how long, and when it goes there all the same. */
class ExclusionsTest {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:00Z");
  private static final Offer ONE = offer("m-1", "here");
  private static final Offer TWO = offer("m-2", "here");

  private static Offer offer(String machine, String region) {
    return new Offer("cloud", region, GpuClass.CPU, 1, 0, "spot", 0.5, machine, true);
  }

  private static ClosedAttempt ended(Outcome outcome, String machine, boolean suspect) {
    var launch =
        new LaunchRecord(
            1,
            1,
            "label",
            "cloud",
            "here",
            "cpu",
            true,
            "on-demand",
            0.5,
            10,
            40,
            TokenHash.of("t"),
            NOW.minusSeconds(600),
            NOW,
            Optional.empty(),
            Optional.of("i-1"),
            Optional.of(machine));
    return new ClosedAttempt(
        1,
        Optional.of(launch),
        NOW.minusSeconds(600),
        NOW,
        outcome,
        "",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        suspect);
  }

  private static List<Offer> offered(List<Exclusion> exclusions, Instant at) {
    return Exclusions.choose(List.of(ONE, TWO), exclusions, List.of(), at).offers();
  }

  @ParameterizedTest
  @CsvSource({"UNHEALTHY,24", "STALLED,6", "NEVER_STARTED,1", "LOST,1"})
  void aMachineThatMayBeAtFaultIsLeftOutForItsTime(Outcome outcome, int hours) {
    var attempts = List.of(ended(outcome, "m-1", true));
    var last = NOW.plus(Duration.ofHours(hours)).minusSeconds(1);
    assertThat(offered(Exclusions.ofAttempts(attempts, last), last)).containsExactly(TWO);
    var over = last.plusSeconds(1);
    assertThat(Exclusions.ofAttempts(attempts, over)).isEmpty();
  }

  @Test
  void whatWasTakenAwayOrWasOurFaultExcludesNothing() {
    for (var outcome : Outcome.values()) {
      assertThat(Exclusions.ofAttempts(List.of(ended(outcome, "m-1", false)), NOW)).isEmpty();
    }
    for (var outcome : List.of(Outcome.RECLAIMED, Outcome.CANCELLED, Outcome.FAILED)) {
      assertThat(Exclusions.ofAttempts(List.of(ended(outcome, "m-1", true)), NOW)).isEmpty();
    }
    assertThat(Exclusions.ofAttempts(List.of(ended(Outcome.UNHEALTHY, "unknown", true)), NOW))
        .as("a machine without a name cannot be told from another")
        .isEmpty();
  }

  @Test
  void theLastMachineOfThePoolIsTakenAndThatIsSaid() {
    var both =
        Exclusions.ofAttempts(
            List.of(ended(Outcome.UNHEALTHY, "m-1", true), ended(Outcome.STALLED, "m-2", true)),
            NOW);
    var choice = Exclusions.choose(List.of(ONE, TWO), both, List.of(), NOW);
    assertThat(choice.offers()).containsExactly(ONE, TWO);
    assertThat(choice.note()).startsWith(Exclusions.LIFTED).contains("m-1", "unhealthy", "m-2");
    var one = Exclusions.choose(List.of(ONE, TWO), both.subList(0, 1), List.of(), NOW);
    assertThat(one.note()).startsWith("left out: m-1");
    assertThat(Exclusions.choose(List.of(), both, List.of(), NOW).note()).isEmpty();
  }

  @Test
  void aProviderThatRefusedIsLeftOutEvenWhereThereIsNoOther() {
    var bar = new Exclusion("cloud", Optional.empty(), NOW.plusSeconds(60), "no quota");
    var choice = Exclusions.choose(List.of(ONE, TWO), List.of(bar), List.of(), NOW);
    assertThat(choice.offers()).isEmpty();
    assertThat(choice.note()).contains("cloud", "no quota");
    assertThat(offered(List.of(bar), NOW.plusSeconds(60))).hasSize(2);
  }

  @Test
  void aMachineIsExcludedForEveryoneWhileTwoJobsFoundItUnhealthyWithinADay() {
    var first = new Unhealthy("cloud", "m-1", "job-a", NOW);
    var again = new Unhealthy("cloud", "m-1", "job-a", NOW.plusSeconds(60));
    var later = NOW.plus(Duration.ofHours(10));
    var second = new Unhealthy("cloud", "m-1", "job-b", later);
    assertThat(Exclusions.ofFleet(List.of(first, again), later)).isEmpty();
    var marks = List.of(first, second);
    assertThat(offered(Exclusions.ofFleet(marks, later), later)).containsExactly(TWO);
    var dayAfterTheFirst = NOW.plus(Duration.ofHours(24));
    assertThat(Exclusions.ofFleet(marks, dayAfterTheFirst.minusSeconds(1))).hasSize(1);
    assertThat(Exclusions.ofFleet(marks, dayAfterTheFirst)).isEmpty();
  }

  @Test
  void aPlaceThatIsBeingEmptiedRanksLastForSomeHours() {
    var other = offer("m-9", "there");
    var reclaims = new ArrayList<Reclaimed>();
    for (int i = 0; i < 3; i++) {
      reclaims.add(
          new Reclaimed("cloud", "here", "cpu", NOW.plus(Duration.ofMinutes(60).multipliedBy(i))));
    }
    var then = NOW.plus(Duration.ofHours(2));
    assertThat(ranked(reclaims.subList(0, 2), other, then)).containsExactly(ONE, other);
    assertThat(ranked(reclaims, other, then)).containsExactly(other, ONE);
    assertThat(ranked(reclaims, other, then.plus(Duration.ofHours(4)))).containsExactly(ONE, other);
    var slow =
        List.of(
            reclaims.get(0),
            reclaims.get(1),
            new Reclaimed("cloud", "here", "cpu", NOW.plus(Duration.ofMinutes(121))));
    assertThat(ranked(slow, other, then.plusSeconds(120))).containsExactly(ONE, other);
  }

  private static List<Offer> ranked(List<Reclaimed> reclaims, Offer other, Instant at) {
    return Exclusions.choose(List.of(ONE, other), List.of(), reclaims, at).offers();
  }
}
