package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.report.Bench.Promise;
import java.util.ArrayList;
import java.util.List;

/** What is promised at a beat of 10 s, a lease of 40 s and a tick of 10 s. */
final class Promises {
  /**
   * One tick of 10 s, its hop and start, and one call: the list, the fence's own writes. A fence
   * later than this in more than one death of a hundred breaks the promise.
   */
  static final double TICK_AND_CALL_SECONDS = 12;

  private Promises() {}

  static List<Promise> of(Measured m) {
    var promises = new ArrayList<Promise>();
    var silent = m.deaths.get(DeathClass.SILENT);
    var running = m.deaths.get(DeathClass.SAYS_RUNNING);
    var confirmed = m.deaths.get(DeathClass.CONFIRMED);
    promises.add(Promise.atMost("silent provider, mean seconds", silent.mean(), 42));
    promises.add(Promise.atMost("silent provider, p99 seconds", silent.quantile(0.99), 50));
    promises.add(Promise.atMost("provider says running, mean seconds", running.mean(), 62));
    promises.add(Promise.atMost("provider says running, p99 seconds", running.quantile(0.99), 72));
    promises.add(
        Promise.atMost(
            "confirmed, p99 seconds (one tick and one call)",
            confirmed.quantile(0.99),
            TICK_AND_CALL_SECONDS));
    long unfenced = m.seen.values().stream().mapToLong(Deaths.Seen::unfenced).sum();
    promises.add(Promise.atMost("deaths never fenced", unfenced, 0));
    for (var notice : m.notices) {
      promises.add(
          Promise.atLeast(
              "share of notices of " + notice.noticeSeconds() + " s with a replacement in time",
              notice.share(),
              1));
    }
    for (var tries : Trainer.Tries.values()) {
      promises.add(
          Promise.below(
              "false fences per instance-month at most, " + Measured.name(tries),
              m.worst(tries).perMonthAtMost(),
              0.3));
    }
    promises.add(Promise.atMost("false fences in outages of our own", m.outageFences(), 0));
    return promises;
  }
}
