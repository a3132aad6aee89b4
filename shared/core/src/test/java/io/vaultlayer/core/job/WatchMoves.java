package io.vaultlayer.core.job;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.core.watch.Sight;
import io.vaultlayer.core.watch.Sweep;
import io.vaultlayer.core.watch.Turn;
import io.vaultlayer.core.watch.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that can happen between an attempt and the watchdog: beats that come a step late, a
 * plane that is away for any time and then stays until a beat came through, ticks that are doubled
 * or missing, sweeps that die after their turn or before their acts, providers that say running,
 * nothing, or give no list.
 */
final class WatchMoves implements ModelSpace<WatchWorld> {
  /** A lease, half a lease of grace, and two ticks: so long a dead attempt may keep its lease. */
  private static final int MOST_IGNORED = WatchWorld.LEASE + WatchWorld.LEASE / 2 + 2;

  private final Watcher watcher;
  private Sink<WatchWorld> sink;
  private WatchWorld now;

  WatchMoves(Watcher watcher) {
    this.watcher = watcher;
  }

  @Override
  public WatchWorld first() {
    return WatchWorld.first();
  }

  @Override
  public void expand(WatchWorld world, Sink<WatchWorld> into) {
    now = world;
    sink = into;
    if (now.fenced) {
      return;
    }
    if (now.ignored > MOST_IGNORED) {
      broken("sweeps", "INV-6 a dead attempt keeps its lease, whatever is swept");
      return;
    }
    if (now.lastTick == WatchWorld.NONE && now.deadline == WatchWorld.LEASE) {
      go("the last sweep was idle", now.afterIdle());
    }
    if (now.alive) {
      go("dies", now.dead());
    }
    if (now.isBeatDue()) {
      go("beats", now.beaten());
      return;
    }
    go("ten seconds pass", now.passed());
    if (!now.up) {
      go("the plane comes back", now.back());
      return;
    }
    if (now.alive) {
      go("beats", now.beaten());
    }
    if (now.reached || !now.alive) {
      go("the plane goes", now.gone());
    }
    for (var sight : sights()) {
      tick(sight);
    }
  }

  private static List<Sight> sights() {
    return List.of(
        Sight.NO_LIST,
        Sight.listed(true, Optional.of(Sighting.RUNNING), true),
        Sight.listed(false, Optional.empty(), true).answered(Sighting.UNKNOWN));
  }

  private void tick(Sight sight) {
    var before = now.memory();
    var turn = watcher.take(before, WatchWorld.now(), WatchWorld.STEP);
    if (!(turn instanceof Turn.Sweep(var memory, _))) {
      return;
    }
    go("takes its turn and dies", remembering(before, memory, false));
    var lease = now.lease();
    var sweep = new Sweep(memory, List.of(lease), true, Set.of(), WatchWorld.now());
    var breakers = sweep.breakers();
    var seen = memory.seen(true, true, breakers, memory.round(), Map.of());
    var stored = remembering(before, seen, true);
    go("stores what it saw and dies", remembering(before, seen, false));
    var event = event(sweep.finding(lease, breakers, sight).verdict());
    if (event.isEmpty()) {
      go("sweeps", stored);
    } else if (JobMachine.decide(lease, event.get()) instanceof Accepted accepted) {
      var fenced = event.get() instanceof JobEvent.Fence;
      if (fenced && now.alive) {
        broken("sweeps", "a living attempt is fenced because we were away");
      } else {
        go(fenced ? "fences" : "suspects", stored.holding(accepted.next(), fenced));
      }
    } else {
      broken("sweeps", "the machine refuses what the watchdog decided");
    }
  }

  private WatchWorld remembering(Optional<Memory> before, Memory memory, boolean whole) {
    return now.remembering(watcher.kept(before, memory), whole);
  }

  private static Optional<JobEvent> event(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Leave _, Verdict.Ask _, Verdict.Stop _, Verdict.Stall _ -> Optional.empty();
      case Verdict.Extend(_, var until) ->
          Optional.of(
              new JobEvent.Extend(WatchWorld.now(), 1, ModelWorld.SEQUENCE, until, "clock"));
      case Verdict.Suspect(_, var graceEnd) ->
          Optional.of(new JobEvent.Suspect(WatchWorld.now(), 1, ModelWorld.SEQUENCE, graceEnd));
      case Verdict.Fence fence ->
          Optional.of(
              new JobEvent.Fence(
                  WatchWorld.now(),
                  1,
                  ModelWorld.SEQUENCE,
                  "f",
                  fence.cause(),
                  fence.outcome(),
                  fence.detail(),
                  fence.counts()));
    };
  }

  private void go(String move, WatchWorld next) {
    sink.next(move, -1, 0, next);
  }

  private void broken(String move, String law) {
    sink.broken(move, -1, 0, law);
  }
}
