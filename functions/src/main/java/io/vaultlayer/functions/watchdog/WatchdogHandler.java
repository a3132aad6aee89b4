package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Batches;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.Budgets;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One tick: look at every live lease, then at everything that is due, then call the next tick.
 * Ticks may come late, doubled or not at all; the turn is taken by a conditional write and each
 * look decides on the stored state alone.
 */
public final class WatchdogHandler {
  /** Due rows handled by one tick; the rest stays due and the next tick goes on. */
  static final int MOST_DUE = 200;

  private static final int PAGE = 1000;

  /** Leases looked at by one tick. */
  private static final int MOST_LEASES = 200_000;

  private final Platform platform;
  private final Control control;
  private final Instances instances;
  private final Duration tick;

  public WatchdogHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.instances = new Instances(platform);
    this.tick = Duration.ofSeconds(Long.parseLong(platform.variable("TICK_SECONDS")));
  }

  public Map<String, Object> handle(Map<String, Object> event) {
    return Batches.handle(event, control.log(), body -> tick());
  }

  void tick() {
    var table = control.records().table();
    var now = platform.clock().instant();
    switch (WatchRow.take(platform.store(), table, now, tick)) {
      case WatchRow.Turn.Skip skip -> {
        if (skip.callAgain()) {
          call();
        }
      }
      case WatchRow.Turn.Sweep turn -> {
        boolean work = sweep(turn.row());
        if (work) {
          next(turn.row(), table);
        }
      }
    }
  }

  /**
   * The next tick in this chain; the minute schedule starts a new chain when this message is lost.
   */
  private void next(WatchRow row, String table) {
    call();
    row.expect(platform.store(), table, platform.clock().instant().plus(tick));
  }

  private void call() {
    platform.queue("TICK_QUEUE_URL").send("{\"tick\":\"next\"}", tick);
  }

  /** True when there is work that the next tick should look at soon. */
  private boolean sweep(WatchRow row) {
    var watched = watched();
    var patrol = new Patrol(platform, control, row.watchSince());
    patrol.inspect(watched);
    new Budgets(platform, control).inspect(watched);
    var now = platform.clock().instant();
    var soon = now.plus(WatchRow.IDLE);
    var dueJobs = control.leases().due(soon, MOST_DUE);
    for (var lease : dueJobs) {
      if (lease.dueAt().filter(at -> !at.isAfter(now)).isPresent()) {
        guarded(lease, () -> remind(lease, now));
      }
    }
    var dueInstances = instances.due(soon, MOST_DUE);
    for (var instance : dueInstances) {
      if (instance.dueAt().filter(at -> !at.isAfter(now)).isPresent()) {
        send("REAP_QUEUE_URL", Map.of("reap", instance.label()));
      }
    }
    return !watched.isEmpty() || !dueJobs.isEmpty() || !dueInstances.isEmpty();
  }

  private List<Lease> watched() {
    var watched = new ArrayList<Lease>();
    Optional<String> from = Optional.empty();
    int seen = 0;
    do {
      var page = control.leases().scan(0, 1, PAGE, from);
      for (var item : page.items()) {
        var lease = LeaseCodec.parse(item);
        if (lease.state().isWatched()
            || !lease.state().isFinal() && lease.policy().deadline().isPresent()) {
          watched.add(lease);
        }
      }
      seen += page.items().size();
      from = page.next();
    } while (from.isPresent() && seen < MOST_LEASES);
    return watched;
  }

  /** Work that an event may have forgotten. */
  private void remind(Lease lease, Instant now) {
    if (lease.state().isFinal()) {
      control.leases().apply(lease.job(), new JobEvent.Settle(now, lease.sequence()));
    } else if (!lease.armed()) {
      control
          .effects()
          .perform(
              control
                  .leases()
                  .apply(
                      lease.job(),
                      new JobEvent.Cancel(
                          now, "upload_never_arrived", "its work directory never arrived")));
    } else {
      var detail =
          Json.render(
              Map.of(
                  "job",
                  lease.job().value(),
                  "epoch",
                  lease.epoch(),
                  "state",
                  lease.state().wireName()));
      platform
          .bus("BUS")
          .publish(lease.epoch() == 1 ? "ProvisionRequested" : "ResumeRequested", detail);
    }
  }

  /** One job's trouble must not stop the sweep of the others. */
  private void guarded(Lease lease, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      control.log().note("sweep failed for one job", lease.job().value(), Crash.describe(e));
    }
  }

  private void send(String queue, Map<String, Object> message) {
    try {
      platform.queue(queue).send(Json.render(message), Duration.ZERO);
    } catch (TransportUnavailable e) {
      control.log().note("message lost", queue, String.valueOf(e.getMessage()));
    }
  }
}
