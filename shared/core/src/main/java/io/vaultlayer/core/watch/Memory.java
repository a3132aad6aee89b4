package io.vaultlayer.core.watch;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * The watchdog's memory of itself, one stored row. A tick takes its turn with one conditional write
 * of it, and stores what it has seen with a second one before it acts on any of it.
 *
 * @param lastTick when the last sweep took its turn
 * @param stage how far that sweep came
 * @param called a further tick was called for, so that nobody else needs to
 * @param watchSince since when the watchdog has watched without a gap; no fence by silence before
 *     this plus one full lease
 * @param round where the next sweep goes on in the lease table
 * @param duePositions where it goes on among due work, by kind; absent: from the beginning
 */
public record Memory(
    Instant lastTick,
    Stage stage,
    boolean called,
    Instant watchSince,
    Breakers breakers,
    Round round,
    Map<String, String> duePositions) {
  public enum Stage {
    /** It has its turn, and has not stored what it saw: it sweeps, or died. */
    SWEEPING,
    /** It has stored what it saw; there was work. */
    DONE,
    /** As {@link #DONE}, without work: the next tick is the schedule's. */
    IDLE
  }

  /** The schedule's own interval, in which an idle plane ticks. */
  public static final Duration IDLE_TICK = Duration.ofMinutes(1);

  /** What a queue and a cold start may add without meaning that we were away. */
  public static final Duration SLACK = Duration.ofSeconds(3);

  private static final Duration SHORTEST_BUSY = Duration.ofSeconds(5);
  private static final Duration LONGEST_BUSY = Duration.ofSeconds(20);

  public Memory {
    duePositions = Map.copyOf(duePositions);
  }

  /**
   * For so long a sweep has the turn for itself, unless it says sooner that it is done. Shorter
   * than its reads may take, and sweeps overtake each other before one gets to act; longer, and a
   * sweep that died costs that much.
   */
  public static Duration busy(Duration tick) {
    var two = tick.multipliedBy(2);
    return two.compareTo(SHORTEST_BUSY) < 0
        ? SHORTEST_BUSY
        : two.compareTo(LONGEST_BUSY) > 0 ? LONGEST_BUSY : two;
  }

  /**
   * The longest gap between two ticks after which silence still proves something. A lease is four
   * beats, a tick is at most one: in a longer gap, and one beat's time to reach us after it, a
   * living attempt's lease would run out although we heard all that could be heard.
   */
  static Duration longestGap(Duration tick) {
    return tick.multipliedBy(5).dividedBy(2).plus(SLACK);
  }

  /** The longest time without a tick that nobody need be told of. */
  public Duration patience(Duration tick) {
    return (stage == Stage.IDLE ? IDLE_TICK : tick).plus(tick.multipliedBy(2)).plus(SLACK);
  }

  /** Ticks have stopped, or a clock went back: whoever notices calls for one. */
  public boolean isOverdue(Instant now, Duration tick) {
    return now.isAfter(lastTick.plus(patience(tick))) || isClockSetBack(now, tick);
  }

  private boolean isClockSetBack(Instant now, Duration tick) {
    return now.isBefore(lastTick.minus(tick.multipliedBy(2)).minus(SLACK));
  }

  /** What a tick may do that comes now. */
  public static Turn take(Optional<Memory> stored, Instant now, Duration tick) {
    if (stored.isEmpty()) {
      return new Turn.Sweep(
          new Memory(now, Stage.SWEEPING, false, now, Breakers.NONE, Round.START, Map.of()),
          Turn.Why.FIRST);
    }
    return stored.get().take(now, tick);
  }

  private Turn take(Instant now, Duration tick) {
    if (isClockSetBack(now, tick)) {
      return new Turn.Sweep(sweeping(now, now), Turn.Why.CLOCK_SET_BACK);
    }
    boolean soon = now.isBefore(lastTick.plus(tick.multipliedBy(4).dividedBy(5)));
    if (stage == Stage.SWEEPING && now.isBefore(lastTick.plus(busy(tick)))) {
      // A late one may be the tick that was called for: the chain must not end with it.
      return new Turn.Skip(!called || !soon, Turn.Why.ANOTHER_SWEEPS);
    }
    if (soon) {
      return new Turn.Skip(!called, Turn.Why.JUST_SWEPT);
    }
    boolean deaf = now.isAfter(lastTick.plus(longestGap(tick)));
    if (deaf && (stage != Stage.IDLE || now.isAfter(lastTick.plus(patience(tick))))) {
      return new Turn.Sweep(sweeping(now, now), Turn.Why.AWAY);
    }
    // An idle minute is no absence; but if an attempt came and was silenced in it, nobody saw that.
    return new Turn.Sweep(
        sweeping(now, deaf ? now : watchSince),
        stage == Stage.SWEEPING ? Turn.Why.LAST_DIED : Turn.Why.ON_TIME);
  }

  private Memory sweeping(Instant now, Instant since) {
    return new Memory(now, Stage.SWEEPING, called, since, breakers, round, duePositions);
  }

  /** The same sweep, after it has or has not called for the next tick. */
  public Memory calledNext(boolean yes) {
    return new Memory(lastTick, stage, yes, watchSince, breakers, round, duePositions);
  }

  /** What is to be stored before the sweep acts on what it has seen. */
  public Memory seen(
      boolean work,
      boolean calledNext,
      Breakers nextBreakers,
      Round nextRound,
      Map<String, String> nextDuePositions) {
    return new Memory(
        lastTick,
        work ? Stage.DONE : Stage.IDLE,
        calledNext,
        watchSince,
        nextBreakers,
        nextRound,
        nextDuePositions);
  }
}
