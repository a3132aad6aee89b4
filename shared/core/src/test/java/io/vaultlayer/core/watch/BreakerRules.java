package io.vaultlayer.core.watch;

import static io.vaultlayer.core.watch.Attempts.BEAT;
import static io.vaultlayer.core.watch.Attempts.LEASE;
import static io.vaultlayer.core.watch.Attempts.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.watch.Breaker.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Many silent at once: whose fault is it, and for how long is it ours? */
abstract class BreakerRules {
  private static final Sight RUNNING = Sight.listed(true, Optional.of(Sighting.RUNNING), true);
  private static final Sight MISSING = Sight.listed(true, Optional.empty(), true);

  private Memory memory =
      new Memory(
          START,
          Memory.Stage.SWEEPING,
          true,
          START.minusSeconds(3600),
          Breakers.NONE,
          Round.START,
          Map.of());

  private static Instant after(long seconds) {
    return START.plusSeconds(seconds);
  }

  private static List<Lease> leases(int heard, int silent, Instant now) {
    var all = new ArrayList<Lease>();
    for (int i = 0; i < heard; i++) {
      all.add(Attempts.running(now.minusSeconds(i % BEAT)));
    }
    for (int i = 0; i < silent; i++) {
      all.add(Attempts.running(START.minusSeconds(i % BEAT)));
    }
    return all;
  }

  private Sweep sweep(List<Lease> leases, Set<String> unlisted, Instant now) {
    return new Sweep(memory, leases, true, unlisted, now);
  }

  /** Sweeps, stores the breakers, and gives what is done about it. */
  private List<Finding> tick(List<Lease> leases, Sight sight, Set<String> unlisted, Instant now) {
    var sweep = sweep(leases, unlisted, now);
    var breakers = sweep.breakers();
    memory = memory.seen(true, true, breakers, Round.START, Map.of());
    return Looked.met(sweep.ordered(sweep.findings(breakers, _ -> sight)), now);
  }

  private List<Finding> tick(int heard, int silent, Sight sight, Instant now) {
    return tick(leases(heard, silent, now), sight, Set.of(), now);
  }

  private State fleet() {
    return memory.breakers().fleet();
  }

  private static long fences(List<Finding> findings) {
    return findings.stream().filter(f -> f.verdict() instanceof Verdict.Fence).count();
  }

  @Test
  void aFewDeathsAreDeathsAndManyAtOnceAreNot() {
    assertThat(fences(tick(994, 6, Sight.NO_LIST, after(45)))).isEqualTo(6);
    assertThat(fleet()).isEqualTo(State.CLOSED);
    assertThat(fences(tick(0, 5, Sight.NO_LIST, after(45)))).isEqualTo(5);
    assertThat(fences(tick(900, 100, Sight.NO_LIST, after(45)))).isEqualTo(100);
    assertThat(fleet()).isEqualTo(State.CLOSED);
    assertThat(fences(tick(899, 101, Sight.NO_LIST, after(45)))).isZero();
    assertThat(fleet()).isEqualTo(State.OPEN);
  }

  @Test
  void lateOnesAreCountedWhenOnlyAFewHaveExpired() {
    var findings = tick(0, 1000, Sight.NO_LIST, after(LEASE - 9));
    assertThat(findings)
        .filteredOn(f -> f.lease().deadline().orElseThrow().isBefore(after(LEASE - 8)))
        .hasSize(100)
        .extracting(Finding::reason)
        .containsOnly(Reason.HELD_BREAKER);
    assertThat(fences(findings)).isZero();
  }

  @Test
  void thoseThatBeatRarelyDoNotVouchForThoseThatBeatOften() {
    var all = new ArrayList<Lease>();
    for (int i = 0; i < 950; i++) {
      all.add(Attempts.running("fake", 30, 120, START));
    }
    for (int i = 0; i < 50; i++) {
      all.add(Attempts.running("fake", 10, 40, START));
    }
    assertThat(fences(tick(all, Sight.NO_LIST, Set.of(), after(41)))).isZero();
    assertThat(fleet()).isEqualTo(State.OPEN);
  }

  @Test
  void whatACompleteListConfirmsIsFencedAllTheSameAndFirst() {
    var leases = leases(0, 20, START);
    var gone = leases.getLast();
    var sweep = sweep(leases, Set.of(), after(60));
    var breakers = sweep.breakers();
    var findings = new ArrayList<>(sweep.findings(breakers, _ -> RUNNING));
    findings.set(19, sweep.finding(gone, breakers, MISSING));
    assertThat(sweep.ordered(findings).getFirst().verdict()).isInstanceOf(Verdict.Fence.class);
    assertThat(fences(findings)).isEqualTo(1);
  }

  @Test
  void whenBeatsComeAgainEverybodyHasOneFullLease() {
    tick(0, 1000, Sight.NO_LIST, after(45));
    var back = after(600);
    assertThat(fences(tick(950, 50, Sight.NO_LIST, back))).isZero();
    assertThat(fleet()).isEqualTo(State.CLOSED);
    assertThat(tick(950, 50, Sight.NO_LIST, back.plusSeconds(LEASE - 1)))
        .extracting(Finding::reason)
        .containsOnly(Reason.HEARD, Reason.HELD_AFTER_BREAKER);
    assertThat(fences(tick(950, 50, Sight.NO_LIST, back.plusSeconds(LEASE)))).isEqualTo(50);
  }

  @Test
  void theHoldIsBoundedAndThenAFewAreFencedAtEachTick() {
    for (long s = 45; s < 45 + Breaker.HOLD.toSeconds(); s += 10) {
      assertThat(fences(tick(0, 1000, Sight.NO_LIST, after(s)))).isZero();
    }
    var now = after(45).plus(Breaker.HOLD);
    var findings = tick(0, 1000, Sight.NO_LIST, now);
    assertThat(fleet()).isEqualTo(State.RELEASING);
    assertThat(fences(findings)).isEqualTo(10);
    assertThat(findings).extracting(Finding::reason).contains(Reason.HELD_RATE);
    assertThat(fences(tick(0, 30, Sight.NO_LIST, now.plusSeconds(10))))
        .as("one at least")
        .isEqualTo(1);
    assertThat(fences(tick(0, 20, MISSING, now.plusSeconds(20))))
        .as("confirmed losses are not counted")
        .isEqualTo(20);
    tick(1000, 0, RUNNING, now.plusSeconds(30));
    assertThat(fleet()).isEqualTo(State.CLOSED);
  }

  @Test
  void theHoldStaysBelowTheAgentsDeadMan() {
    assertThat(Breaker.HOLD).isLessThan(Duration.ofMinutes(30));
  }

  @Test
  void aFaultThatComesAndGoesSharesOneHold() {
    var breaker = Breaker.closed(Instant.EPOCH);
    var now = START;
    var open = Duration.ZERO;
    for (int i = 0; i < 40 && breaker.state() != State.RELEASING; i++) {
      breaker = breaker.next(true, now);
      now = now.plusSeconds(60);
      open = open.plusSeconds(60);
      breaker = breaker.next(true, now).next(false, now);
      now = now.plusSeconds(30);
      breaker = breaker.next(true, now);
    }
    assertThat(breaker.state()).isEqualTo(State.RELEASING);
    assertThat(open).isLessThanOrEqualTo(Breaker.HOLD.plusMinutes(1));
    var quiet = breaker.next(false, now);
    assertThat(quiet.next(true, now.plus(Breaker.QUIET)).state())
        .as("after quiet time the next trouble has a whole hold")
        .isEqualTo(State.OPEN);
  }

  @Test
  void aClockSetBackKeepsTheHoldBounded() {
    var open = Breaker.closed(Instant.EPOCH).next(true, START);
    var back = open.next(true, START.minusSeconds(3600));
    assertThat(back.state()).isEqualTo(State.OPEN);
    assertThat(back.next(true, START.minusSeconds(3600).plus(Breaker.HOLD)).state())
        .isEqualTo(State.RELEASING);
  }

  @Test
  void silentHostsOfAProviderWhoseApiIsDownToo() {
    var all = leases(940, 0, after(60));
    for (int i = 0; i < 60; i++) {
      all.add(Attempts.running("other", BEAT, LEASE, START));
    }
    var findings = tick(all, Sight.NO_LIST, Set.of("other"), after(60));
    assertThat(fences(findings)).isZero();
    assertThat(findings).extracting(Finding::reason).contains(Reason.HELD_PROVIDER);
    assertThat(fleet()).as("six in a hundred of the fleet").isEqualTo(State.CLOSED);
    assertThat(memory.breakers().open()).containsExactly("provider other");
    var listed = tick(all, RUNNING, Set.of(), after(70));
    assertThat(memory.breakers().of("other")).isEqualTo(State.CLOSED);
    assertThat(listed).extracting(Finding::reason).contains(Reason.HELD_AFTER_BREAKER);
  }

  @Test
  void afterOurOwnAbsenceNobodyIsLateBeforeWeHaveListened() {
    memory =
        new Memory(
            after(600),
            Memory.Stage.SWEEPING,
            true,
            after(600),
            Breakers.NONE,
            Round.START,
            Map.of());
    assertThat(tick(0, 1000, Sight.NO_LIST, after(600)))
        .extracting(Finding::reason)
        .containsOnly(Reason.HELD_AWAY);
    assertThat(fleet()).isEqualTo(State.CLOSED);
    tick(0, 1000, Sight.NO_LIST, after(630));
    assertThat(fleet()).isEqualTo(State.OPEN);
  }

  @Test
  void aSweepThatSawTooLittleChangesNothing() {
    tick(0, 1000, Sight.NO_LIST, after(45));
    var nothing = new Sweep(memory, List.of(), false, Set.of(), after(55));
    assertThat(nothing.breakers()).isEqualTo(memory.breakers());
    var part = new Sweep(memory, leases(60, 0, after(55)), false, Set.of(), after(55));
    assertThat(part.breakers().fleet()).isEqualTo(State.CLOSED);
  }

  @Test
  void everyChangeOfABreakerIsTold() {
    tick(0, 1000, Sight.NO_LIST, after(45));
    var opened = memory.breakers().since(Breakers.NONE);
    assertThat(opened).hasSize(1);
    assertThat(opened.getFirst().domain()).isEqualTo(Breakers.FLEET);
    assertThat(opened.getFirst().after().state()).isEqualTo(State.OPEN);
    assertThat(memory.breakers().since(memory.breakers())).isEmpty();
  }
}
