package io.vaultlayer.functions.agentapi;

import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.state.WatchRow;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The second metronome. Ticks come from the schedule and from each other; when both have stopped,
 * whoever still beats notices and calls for one. So silence is noticed as long as anybody is heard.
 */
final class Metronome {
  /** A warm process looks no more often: each look is one read, and a beat must stay cheap. */
  static final Duration BETWEEN_LOOKS = Duration.ofSeconds(30);

  private final Platform platform;
  private final DecisionLog log;
  private final WatchRow row;
  private final Duration tick;
  private final AtomicReference<Optional<Instant>> looked = new AtomicReference<>(Optional.empty());

  Metronome(Platform platform, DecisionLog log) {
    this.platform = platform;
    this.log = log;
    this.row = new WatchRow(platform);
    this.tick = Duration.ofSeconds(Long.parseLong(platform.variable("TICK_SECONDS")));
  }

  /** Never fails the beat that it rides on. */
  void look() {
    var now = platform.clock().instant();
    var last = looked.get();
    if (last.filter(at -> isRecent(at, now)).isPresent()
        || !looked.compareAndSet(last, Optional.of(now))) {
      return;
    }
    try {
      var stored = row.load();
      if (stored.isEmpty() || stored.get().memory().isOverdue(now, tick)) {
        log.note(
            "ticks stopped",
            "fleet",
            stored.map(s -> "last " + s.memory().lastTick()).orElse("none yet"));
        platform.queue("TICK_QUEUE_URL").send("{\"tick\":\"overdue\"}", Duration.ZERO);
      }
    } catch (StoreUnavailable | TransportUnavailable e) {
      log.note("metronome failed", "fleet", String.valueOf(e.getMessage()));
    }
  }

  /** A clock that was set back does not keep us from looking. */
  private static boolean isRecent(Instant at, Instant now) {
    return Duration.between(at, now).abs().compareTo(BETWEEN_LOOKS) < 0;
  }
}
