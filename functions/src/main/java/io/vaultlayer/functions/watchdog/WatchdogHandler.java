package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.core.watch.Breakers;
import io.vaultlayer.core.watch.Finding;
import io.vaultlayer.core.watch.Look;
import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.core.watch.Sweep;
import io.vaultlayer.core.watch.Turn;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Batches;
import io.vaultlayer.functions.state.Budgets;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.functions.state.WatchRow;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One tick: take the turn, call the next tick, read the leases, ask the providers for their lists,
 * store what was seen, and only then act: on every lease first, then on what is due. Ticks may come
 * late, doubled or not at all, and may die between any two of these; what a tick decides rests on
 * stored state alone ({@code core.watch}).
 */
public final class WatchdogHandler {
  private final Platform platform;
  private final Control control;
  private final TickObserver observer;
  private final WatchRow row;
  private final LeaseReader reader;
  private final Patrol patrol;
  private final Budgets budgets;
  private final DueWork dueJobs;
  private final DueWork dueInstances;
  private final Duration tick;

  public WatchdogHandler(Platform platform, Control control) {
    this(platform, control, new Teller(control));
  }

  public WatchdogHandler(Platform platform, Control control, TickObserver observer) {
    this.platform = platform;
    this.control = control;
    this.observer = observer;
    this.row = new WatchRow(platform);
    this.reader = new LeaseReader(platform, control);
    this.patrol = new Patrol(platform, control);
    this.budgets = new Budgets(platform, control);
    this.dueJobs = new DueWork("jobs", control.leases()::due, control.log());
    this.dueInstances = new DueWork("instances", new Instances(platform)::due, control.log());
    this.tick = Duration.ofSeconds(Long.parseLong(platform.variable("TICK_SECONDS")));
  }

  public Map<String, Object> handle(Map<String, Object> event) {
    return Batches.handle(event, control.log(), body -> tick(TickCall.parse(body)));
  }

  private void tick(TickCall called) {
    try {
      takeTurn(called);
    } catch (StoreUnavailable e) {
      // Nothing was decided. The chain of ticks must not end with this one.
      control.log().note("tick failed", "store", String.valueOf(e.getMessage()));
      passOn(called);
    }
  }

  private void takeTurn(TickCall called) {
    var now = platform.clock().instant();
    var stored = row.load();
    switch (Memory.take(stored.map(WatchRow.Stored::memory), now, tick)) {
      case Turn.Skip skip -> {
        if (skip.callAgain()) {
          passOn(called);
        }
      }
      case Turn.Sweep sweep -> {
        var turn = take(stored, sweep.memory());
        if (turn.isPresent()) {
          sweep(turn.get(), sweep.why());
        } else {
          passOn(called);
        }
      }
    }
  }

  private void passOn(TickCall called) {
    called.again().ifPresent(this::call);
  }

  /** Empty when another tick was faster. */
  private Optional<WatchRow.Stored> take(Optional<WatchRow.Stored> old, Memory turn) {
    try {
      return row.replace(old, turn);
    } catch (StoreUnavailable e) {
      // Ours all the same, if it is there: two that take one moment's turn only look twice.
      return row.load().filter(stored -> stored.memory().equals(turn));
    }
  }

  private void sweep(WatchRow.Stored turn, Turn.Why why) {
    var time = new TickTime(platform, control.log(), tick);
    // Called for before the sweep: if this one dies, or is slow, the next one comes all the same.
    boolean called = turn.memory().called() && call(TickCall.FRESH);
    var read = reader.read(turn.memory().round(), time);
    var providers = providers(read.leases());
    var lists = Lists.ask(platform, control.log(), providers, time.forLists());
    var now = platform.clock().instant();
    var sweep =
        new Sweep(turn.memory(), read.leases(), read.whole(), lists.unlisted(providers), now);
    var soon = now.plus(Memory.IDLE_TICK);
    var jobs = dueJobs.take(turn.memory().duePositions(), now, soon);
    var instances = dueInstances.take(turn.memory().duePositions(), now, soon);
    boolean work = !read.leases().isEmpty() || !read.whole() || jobs.more() || instances.more();
    if (work && !called) {
      called = call(TickCall.FRESH);
    }
    var positions = new TreeMap<String, String>();
    jobs.next().ifPresent(p -> positions.put(dueJobs.name(), p));
    instances.next().ifPresent(p -> positions.put(dueInstances.name(), p));
    var breakers = sweep.breakers();
    var seen = turn.memory().seen(work, called, breakers, read.round(), positions);
    if (store(turn, seen, sweep, why, lists, time)) {
      time.actOn(read.leases(), l -> l.job().value(), budgets::inspect);
      time.actOn(jobs.items(), item -> item.key().partition(), item -> remind(item, now));
      time.actOn(instances.items(), item -> item.key().partition(), this::reap);
    }
  }

  /** Stores what was seen and acts on the leases; false when another tick has taken over. */
  private boolean store(
      WatchRow.Stored turn, Memory seen, Sweep sweep, Turn.Why why, Lists lists, TickTime time) {
    if (row.replace(Optional.of(turn), seen).isEmpty()) {
      control.log().note("overtaken", "sweep", "another tick took the turn; it acts");
      return false;
    }
    var findings = sweep.ordered(answered(sweep, seen.breakers(), lists));
    var changes = seen.breakers().since(turn.memory().breakers());
    observer.saw(new TickObserver.Seen(sweep.now(), why, seen, changes, sweep.census(), findings));
    patrol.act(findings, time);
    return true;
  }

  /** Every lease looked at; where the look owes an opinion, a few are asked for, all at once. */
  private List<Finding> answered(Sweep sweep, Breakers breakers, Lists lists) {
    var opinions = Sweep.opinions(sweep.findings(breakers, lists::sight));
    var findings = new ArrayList<>(opinions.settled());
    var launches =
        opinions.asked().stream().map(f -> Look.watched(f.lease()).orElseThrow()).toList();
    var answers = lists.ask(launches);
    for (int i = 0; i < launches.size(); i++) {
      var lease = opinions.asked().get(i).lease();
      var sight = lists.sight(lease).answered(answers.get(i));
      findings.add(sweep.finding(lease, breakers, sight));
    }
    return findings;
  }

  private static Set<String> providers(List<Lease> leases) {
    return leases.stream()
        .flatMap(lease -> Look.watched(lease).stream())
        .map(LaunchRecord::provider)
        .collect(Collectors.toSet());
  }

  /** A further tick; the minute schedule starts anew when this message is lost. */
  private boolean call(TickCall next) {
    try {
      platform.queue("TICK_QUEUE_URL").send(next.body(), tick);
      return true;
    } catch (TransportUnavailable e) {
      control.log().note("message lost", "TICK_QUEUE_URL", String.valueOf(e.getMessage()));
      return false;
    }
  }

  private void reap(Item instance) {
    send("REAP_QUEUE_URL", Map.of("reap", instance.key().partition()));
  }

  private void remind(Item item, Instant now) {
    remind(LeaseCodec.parse(item), now);
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

  private void send(String queue, Map<String, Object> message) {
    try {
      platform.queue(queue).send(Json.render(message), Duration.ZERO);
    } catch (TransportUnavailable e) {
      control.log().note("message lost", queue, String.valueOf(e.getMessage()));
    }
  }
}
