package io.vaultlayer.agent.s3;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Connections that wait for their next request. Few and not for long: a store closes what is idle,
 * usually after 5 s and more.
 */
final class Wires {
  private static final int MOST_IDLE = 32;
  private static final long IDLE_NANOS = 4_000_000_000L;

  private record Idle(Wire.Target target, Wire wire, long since) {}

  /** A connection for one request; one that was {@code used} before may have died meanwhile. */
  record Lent(Wire.Target target, Wire wire, boolean used) {}

  private final Deque<Idle> idle = new ArrayDeque<>();
  private final Stop stop;
  private final int silenceMillis;

  Wires(Stop stop, Duration silence) {
    this.stop = stop;
    this.silenceMillis = Math.toIntExact(silence.toMillis());
  }

  Lent take(Wire.Target target) throws IOException {
    while (true) {
      Wire wire = idle(target);
      if (wire == null) {
        return fresh(target);
      }
      if (!wire.isStale()) {
        return new Lent(target, wire, true);
      }
      wire.close();
    }
  }

  Lent fresh(Wire.Target target) throws IOException {
    return new Lent(target, Wire.open(target, silenceMillis, stop), false);
  }

  void giveBack(Lent lent) {
    synchronized (this) {
      if (idle.size() < MOST_IDLE && !stop.isPulled()) {
        idle.addFirst(new Idle(lent.target(), lent.wire(), System.nanoTime()));
        return;
      }
    }
    lent.wire().close();
  }

  /** The one used last; what is too old is closed. */
  private synchronized Wire idle(Wire.Target target) {
    long now = System.nanoTime();
    while (!idle.isEmpty() && now - idle.peekLast().since() > IDLE_NANOS) {
      idle.removeLast().wire().close();
    }
    for (var each = idle.iterator(); each.hasNext(); ) {
      Idle one = each.next();
      if (one.target() == target || one.target().equals(target)) {
        each.remove();
        return one.wire();
      }
    }
    return null;
  }
}
