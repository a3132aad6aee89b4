package io.vaultlayer.functions.reaper;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the jobs whose checkpoints are to be looked at: each once an hour, a twelfth of them with
 * each inventory. Nothing is remembered; a look that is lost comes again in an hour.
 */
final class RetentionWalk {
  /** Inventories in an hour. */
  private static final int SEGMENTS = 12;

  private static final Duration ROUND = Duration.ofMinutes(5);
  private static final int PAGE = 500;
  private static final int MOST_PAGES = 20;

  /** Looks asked for by one inventory; where more are due, each hour takes others. */
  private static final int MOST_LOOKS = 300;

  /**
   * After its end a job is looked at for so long: until what was on its way to the bucket has
   * arrived, and the looks that find it may fail for days.
   */
  private static final Duration AFTER_THE_END = Duration.ofDays(3);

  private final Platform platform;
  private final Control control;

  RetentionWalk(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  void ask() {
    var looks = platform.queue("REAP_QUEUE_URL");
    var now = platform.clock().instant();
    long round = now.getEpochSecond() / ROUND.toSeconds();
    var due = new ArrayList<Lease>();
    read(due, now, from -> control.leases().scan((int) (round % SEGMENTS), SEGMENTS, PAGE, from));
    read(
        due,
        now,
        from -> control.leases().scanEnded((int) (round % SEGMENTS), SEGMENTS, PAGE, from));
    due.stream()
        .sorted(Comparator.comparingInt(l -> turn(l, round / SEGMENTS)))
        .limit(MOST_LOOKS)
        .forEach(lease -> ask(looks, lease));
  }

  private interface Pages {
    Page read(Optional<String> from);
  }

  private static void read(List<Lease> due, Instant now, Pages pages) {
    Optional<String> from = Optional.empty();
    for (int page = 0; page < MOST_PAGES; page++) {
      var read = pages.read(from);
      read.items().stream().map(LeaseCodec::parse).filter(l -> isDue(l, now)).forEach(due::add);
      from = read.next();
      if (from.isEmpty()) {
        return;
      }
    }
  }

  /** One without two commits and without an earlier epoch has nothing that could go. */
  private static boolean isDue(Lease lease, Instant now) {
    return (lease.epoch() > 1 || !lease.earlier().isEmpty())
        && lease.endedAt().filter(at -> at.plus(AFTER_THE_END).isBefore(now)).isEmpty();
  }

  /** Another order each hour. */
  private static int turn(Lease lease, long hour) {
    return (lease.job().value() + hour).hashCode();
  }

  private void ask(Queue looks, Lease lease) {
    try {
      looks.send(Json.render(Map.of("retain", lease.job().value())), Duration.ZERO);
    } catch (TransportUnavailable e) {
      control.log().note("message lost", "REAP_QUEUE_URL", String.valueOf(e.getMessage()));
    }
  }
}
