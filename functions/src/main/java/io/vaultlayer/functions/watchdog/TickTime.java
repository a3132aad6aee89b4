package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.DecisionLog;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The time of one tick. Reading and asking together fit into the turn that the tick has for itself
 * ({@link Memory#busy}); acting may go on a while longer, since whatever it does is conditional.
 */
final class TickTime {
  /** Below the function's time limit of 25 s, with room for the longest single action. */
  private static final Duration ACTING = Duration.ofSeconds(18);

  /** Actions done at the same time: each waits for the store most of its time. */
  private static final int LANES = 16;

  private final Platform platform;
  private final DecisionLog log;
  private final Instant begun;
  private final Duration share;

  TickTime(Platform platform, DecisionLog log, Duration tick) {
    this.platform = platform;
    this.log = log;
    this.begun = platform.clock().instant();
    this.share = Memory.busy(tick).multipliedBy(2).dividedBy(5);
  }

  /** No page is asked for after this. */
  Instant readUntil() {
    return begun.plus(share);
  }

  /** How long a list is waited for. */
  Duration forLists() {
    return share;
  }

  boolean isOver(Instant until) {
    return !platform.clock().instant().isBefore(until);
  }

  /**
   * Acts on each in order, several at once; one's trouble does not stop the others. What there is
   * no time for is left: it is still there at the next tick.
   */
  <T> void actOn(List<T> all, Function<T, String> name, Consumer<T> act) {
    if (all.isEmpty()) {
      return;
    }
    var until = begun.plus(ACTING);
    var next = new AtomicInteger();
    Callable<Boolean> lane =
        () -> {
          for (int i = next.getAndIncrement(); i < all.size(); i = next.getAndIncrement()) {
            if (isOver(until)) {
              return false;
            }
            guarded(all.get(i), name, act);
          }
          return true;
        };
    var lanes = Collections.nCopies(Math.min(LANES, all.size()), lane);
    var ended = platform.parallel(lanes, ACTING);
    if (!ended.stream().allMatch(e -> e.orElse(false))) {
      log.note("out of time", "sweep", "the next tick goes on with what is left");
    }
  }

  private <T> void guarded(T one, Function<T, String> name, Consumer<T> act) {
    try {
      act.accept(one);
    } catch (RuntimeException e) {
      log.note("sweep failed for one", name.apply(one), Crash.describe(e));
    }
  }
}
