package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.watch.Breaker;
import io.vaultlayer.core.watch.Breakers;
import io.vaultlayer.core.watch.Finding;
import io.vaultlayer.core.watch.Reason;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Metrics;
import java.util.Optional;
import java.util.Set;

/**
 * Tells why nobody was fenced: breaker and absence once for all, the rest to each job. An open
 * breaker is told at each tick for as long as it stands, so that no crash can swallow the alarm.
 */
final class Teller implements TickObserver {
  /** Told to the job itself. Lateness is not: it is common, means little, and costs a write. */
  private static final Set<Reason> TO_THE_JOB =
      Set.of(
          Reason.GRACE_RUNNING,
          Reason.HELD_PROVIDER,
          Reason.HELD_AFTER_BREAKER,
          Reason.HELD_RATE,
          Reason.HELD_OPINION,
          Reason.STALL_RESTARTING,
          Reason.COMMITS_STOPPED);

  /** Jobs that are told something in one tick: each may cost a read and a write. */
  private static final int MOST_TOLD = 50;

  private final Control control;

  Teller(Control control) {
    this.control = control;
  }

  @Override
  public void saw(Seen tick) {
    for (var domain : tick.memory().breakers().open()) {
      alarm(tick, domain);
    }
    tick.changes().stream()
        .filter(change -> change.before().state() == Breaker.State.CLOSED)
        .forEach(_ -> control.metrics().count(Metrics.Metric.BREAKER_OPENINGS, Optional.empty()));
    tick.changes().forEach(change -> control.log().note("breaker", change.domain(), told(change)));
    if (tick.findings().stream().anyMatch(f -> f.reason() == Reason.HELD_AWAY)) {
      control
          .notes()
          .sayToAll(
              Reason.HELD_AWAY.code(),
              tick.memory().watchSince(),
              "the watchdog was away; it fences nobody by silence before it has watched for a lease");
    }
    tick.findings().stream()
        .filter(f -> TO_THE_JOB.contains(f.reason()))
        .limit(MOST_TOLD)
        .forEach(this::say);
  }

  private void alarm(Seen tick, String domain) {
    var breaker = tick.memory().breakers().byDomain().get(domain);
    var count = tick.census().count(Breakers.provider(domain));
    var releasing = breaker.state() == Breaker.State.RELEASING;
    var text =
        count.late()
            + " of "
            + count.live()
            + " attempts are late with their beats ("
            + domain
            + "): "
            + (releasing
                ? "the longest hold is used up, silence fences a few at each tick"
                : "the fault is probably ours, silence fences nobody");
    control.log().note("alarm", domain, text);
    control
        .notes()
        .sayToAll(releasing ? "breaker_releasing" : "breaker_open", breaker.since(), text);
  }

  private void say(Finding finding) {
    var lease = finding.lease();
    control
        .notes()
        .say(lease.job(), lease.epoch(), finding.reason().code(), finding.reason().meaning());
  }

  private static String told(Breakers.Change change) {
    return change.before().state() + " to " + change.after().state();
  }
}
