package io.vaultlayer.core.job;

import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.core.watch.Turn;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** How the watchdog takes its turn and what it keeps of it, or one with a fault planted in it. */
interface Watcher {
  Watcher REAL = new Watcher() {};

  default Turn take(Optional<Memory> stored, Instant now, Duration tick) {
    return Memory.take(stored, now, tick);
  }

  /** What is written of the memory with which this sweep works. */
  default Memory kept(Optional<Memory> before, Memory sweeping) {
    return sweeping;
  }

  private static Memory since(Memory memory, Instant since) {
    return new Memory(
        memory.lastTick(),
        memory.stage(),
        memory.called(),
        since,
        memory.breakers(),
        memory.round(),
        memory.duePositions());
  }

  private static Watcher always(Instant since) {
    return new Watcher() {
      @Override
      public Turn take(Optional<Memory> stored, Instant now, Duration tick) {
        return Memory.take(stored, now, tick) instanceof Turn.Sweep(var memory, var why)
            ? new Turn.Sweep(since(memory, since), why)
            : Memory.take(stored, now, tick);
      }
    };
  }

  /** The absence holds for the sweep that notices it, and is not stored. */
  static Watcher forgetful() {
    return new Watcher() {
      @Override
      public Memory kept(Optional<Memory> before, Memory sweeping) {
        return before.map(b -> since(sweeping, b.watchSince())).orElse(sweeping);
      }
    };
  }

  /** It never notices that it was away. */
  static Watcher unaware() {
    return always(Instant.EPOCH);
  }

  /** It takes every tick for the first. */
  static Watcher timid() {
    return always(WatchWorld.now());
  }
}
