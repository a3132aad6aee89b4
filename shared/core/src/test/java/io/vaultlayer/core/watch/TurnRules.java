package io.vaultlayer.core.watch;

import static io.vaultlayer.core.watch.Attempts.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.watch.Memory.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Who sweeps when, and what the watchdog remembers of its own absence. */
abstract class TurnRules {
  private static final Duration TICK = Duration.ofSeconds(10);

  private static Turn take(Memory stored, Instant now) {
    return Looked.met(Memory.take(Optional.of(stored), now, TICK));
  }

  private static Memory sweep(Turn turn, Turn.Why why) {
    assertThat(turn.why()).isEqualTo(why);
    return ((Turn.Sweep) turn).memory();
  }

  private static void skip(Turn turn, Turn.Why why, boolean callAgain) {
    assertThat(turn).isEqualTo(new Turn.Skip(callAgain, why));
  }

  private static Memory first() {
    return sweep(Looked.met(Memory.take(Optional.empty(), START, TICK)), Turn.Why.FIRST);
  }

  /** A sweep that had work, has called the next tick and stored what it saw. */
  private static Memory done(Memory turn) {
    return turn.seen(true, true, turn.breakers(), turn.round(), Map.of());
  }

  private static Memory idle(Memory turn) {
    return turn.seen(false, false, turn.breakers(), turn.round(), Map.of());
  }

  private static Instant after(long seconds) {
    return START.plusSeconds(seconds);
  }

  @Test
  void theFirstTickWatchesFromThenOn() {
    assertThat(first().watchSince()).isEqualTo(START);
    assertThat(first().stage()).isEqualTo(Stage.SWEEPING);
  }

  @Test
  void aTickOnTimeKeepsSinceWhenItHasWatched() {
    var memory = done(first());
    for (long s = 10; s <= 1000; s += 10) {
      memory = done(sweep(take(memory, after(s)), Turn.Why.ON_TIME));
      assertThat(memory.watchSince()).isEqualTo(START);
    }
  }

  @Test
  void oneLostTickIsNoAbsenceAndTwoAre() {
    var memory = done(first());
    assertThat(sweep(take(memory, after(28)), Turn.Why.ON_TIME).watchSince()).isEqualTo(START);
    assertThat(sweep(take(memory, after(29)), Turn.Why.AWAY).watchSince()).isEqualTo(after(29));
  }

  @Test
  void theAbsenceIsNotForgottenByTheTicksThatFollow() {
    var memory = done(sweep(take(done(first()), after(600)), Turn.Why.AWAY));
    for (long s = 610; s < 1200; s += 10) {
      memory = done(sweep(take(memory, after(s)), Turn.Why.ON_TIME));
      assertThat(memory.watchSince()).isEqualTo(after(600));
    }
  }

  @Test
  void anAbsenceIsStoredWithTheTurnSoThatATickThatDiesHidesNothing() {
    var back = sweep(take(done(first()), after(600)), Turn.Why.AWAY);
    skip(take(back, after(610)), Turn.Why.ANOTHER_SWEEPS, true);
    var next = sweep(take(back, after(620)), Turn.Why.LAST_DIED);
    assertThat(next.watchSince()).isEqualTo(after(600));
    var dead = sweep(take(back, after(640)), Turn.Why.AWAY);
    assertThat(dead.watchSince()).isEqualTo(after(640));
  }

  @Test
  void aDoubledTickSweepsOnce() {
    var sweeping = first();
    skip(take(sweeping, START), Turn.Why.ANOTHER_SWEEPS, true);
    skip(take(sweeping.calledNext(true), after(1)), Turn.Why.ANOTHER_SWEEPS, false);
    skip(take(done(sweeping), after(1)), Turn.Why.JUST_SWEPT, false);
    skip(take(idle(sweeping), after(1)), Turn.Why.JUST_SWEPT, true);
  }

  @Test
  void theTickThatWasCalledForIsNotLostInASlowSweep() {
    skip(take(first().calledNext(true), after(10)), Turn.Why.ANOTHER_SWEEPS, true);
  }

  @Test
  void anIdlePlaneTicksOnceAMinuteWithoutBeingAway() {
    var memory = idle(first());
    for (long s = 60; s <= 600; s += 60) {
      memory = idle(sweep(take(memory, after(s)), Turn.Why.ON_TIME));
      assertThat(memory.watchSince()).as("deaf to what came in between").isEqualTo(after(s));
    }
    assertThat(memory.isOverdue(after(683), TICK)).isFalse();
    assertThat(memory.isOverdue(after(684), TICK)).isTrue();
    assertThat(sweep(take(memory, after(684)), Turn.Why.AWAY).watchSince()).isEqualTo(after(684));
  }

  @Test
  void anIdleSweepThatDiedIsNotTakenForAnIdlePlane() {
    var died = sweep(take(idle(first()), after(60)), Turn.Why.ON_TIME);
    assertThat(sweep(take(died, after(120)), Turn.Why.AWAY).watchSince()).isEqualTo(after(120));
  }

  @Test
  void aClockThatWasSetBackNeitherStopsTheTicksNorFencesAnybody() {
    var memory = done(first());
    skip(take(memory, START.minusSeconds(2)), Turn.Why.JUST_SWEPT, false);
    var anew = sweep(take(memory, START.minusSeconds(3600)), Turn.Why.CLOCK_SET_BACK);
    assertThat(anew.watchSince()).isEqualTo(START.minusSeconds(3600));
    assertThat(anew.lastTick()).isEqualTo(START.minusSeconds(3600));
    assertThat(memory.isOverdue(START.minusSeconds(3600), TICK)).isTrue();
    assertThat(Turn.Why.CLOCK_SET_BACK.isAbsence()).isTrue();
    assertThat(Turn.Why.ON_TIME.isAbsence()).isFalse();
  }

  @Test
  void aSweepHasTheTurnLongEnoughForItsReadsAndNotForEver() {
    assertThat(Memory.busy(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(5));
    assertThat(Memory.busy(TICK)).isEqualTo(Duration.ofSeconds(20));
    assertThat(Memory.busy(Duration.ofSeconds(30))).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void aRoundGoesOnUntilEverySegmentWasReadToItsEnd() {
    var begun = Round.begin(10_000);
    assertThat(begun.segments()).hasSize(5);
    assertThat(Round.begin(0).segments()).hasSize(1);
    assertThat(Round.begin(1_000_000).segments()).hasSize(Round.MOST_SEGMENTS);
    var half = new Round(List.of(new Round.Position.End(), new Round.Position.Behind("k")), 4_001);
    assertThat(half.next()).isEqualTo(half);
    assertThat(Round.from(half.segments().get(1))).contains("k");
    assertThat(Round.from(half.segments().get(0))).isEmpty();
    var done = new Round(List.of(new Round.Position.End(), new Round.Position.End()), 4_001);
    assertThat(done.next()).isEqualTo(Round.begin(4_001));
    assertThat(done.next().segments()).hasSize(3);
  }
}
