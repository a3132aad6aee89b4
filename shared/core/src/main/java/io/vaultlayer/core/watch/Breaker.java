package io.vaultlayer.core.watch;

import java.time.Duration;
import java.time.Instant;

/**
 * The breaker for mass staleness, of the whole fleet or of one provider whose own API is down too.
 * While it is open silence fences nobody. Its hold is bounded: after it, silence fences at a
 * bounded rate, because the hosts may really be gone. All of it is stored before anything is done
 * by it.
 *
 * @param since when it came to its present state
 * @param held how much of {@link #HOLD} the present trouble had used up before {@code since}
 */
public record Breaker(State state, Instant since, Duration held) {
  public enum State {
    CLOSED,
    /** Nobody is fenced by silence. */
    OPEN,
    /** The hold is used up: silence fences a few at each tick. */
    RELEASING
  }

  /**
   * Longest time without fences by silence. Must stay well below the agents' dead-man of 30
   * minutes, or every sound attempt would have ended itself by the time that we believe in it
   * again; much shorter, and an outage of ten minutes buys a duplicate of each instance.
   */
  public static final Duration HOLD = Duration.ofMinutes(15);

  /**
   * After so long without mass staleness a trouble is over, and the next one gets a whole hold. A
   * fault that comes and goes shares one hold, or it would keep the dead from being replaced.
   */
  public static final Duration QUIET = HOLD;

  public Breaker {
    if (held.isNegative()) {
      throw new IllegalArgumentException("a hold cannot be used up by less than nothing");
    }
  }

  static Breaker closed(Instant at) {
    return new Breaker(State.CLOSED, at, Duration.ZERO);
  }

  /**
   * @param mass too many are late just now
   */
  Breaker next(boolean mass, Instant now) {
    if (now.isBefore(since)) {
      // The clock was set back: count from here, so that the hold stays bounded.
      return new Breaker(state, now, held).next(mass, now);
    }
    return switch (state) {
      case CLOSED -> mass ? opened(now) : this;
      case OPEN -> {
        var used = held.plus(Duration.between(since, now));
        yield !mass
            ? new Breaker(State.CLOSED, now, used)
            : used.compareTo(HOLD) >= 0 ? new Breaker(State.RELEASING, now, used) : this;
      }
      case RELEASING -> mass ? this : new Breaker(State.CLOSED, now, held);
    };
  }

  private Breaker opened(Instant now) {
    var used = isOver(now) ? Duration.ZERO : held;
    return new Breaker(used.compareTo(HOLD) >= 0 ? State.RELEASING : State.OPEN, now, used);
  }

  /** Closed for so long that it may be forgotten. */
  boolean isOver(Instant now) {
    return state == State.CLOSED && Duration.between(since, now).compareTo(QUIET) >= 0;
  }
}
