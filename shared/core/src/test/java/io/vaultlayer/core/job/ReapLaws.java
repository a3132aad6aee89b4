package io.vaultlayer.core.job;

import static io.vaultlayer.core.job.ReapWorld.ALIVE;
import static io.vaultlayer.core.job.ReapWorld.ASKED;
import static io.vaultlayer.core.job.ReapWorld.LISTED;
import static io.vaultlayer.core.job.ReapWorld.is;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.reap.Booking;
import io.vaultlayer.core.reap.InstanceRow.State;
import io.vaultlayer.core.reap.Look;
import io.vaultlayer.core.reap.Verdict;
import java.util.Optional;

/**
 * What must hold of instances: of every verdict, of every world, and of what becomes of every world
 * when nothing goes wrong any more.
 */
final class ReapLaws {
  /** Looks at everything in a row after which nothing may be left to do. */
  private static final int ROUNDS = 6;

  private final Judge judge;
  private final ReapBounds bounds;

  ReapLaws(Judge judge, ReapBounds bounds) {
    this.judge = judge;
    this.bounds = bounds;
  }

  /** The law that a verdict breaks, if it breaks one. */
  Optional<String> brokenBy(ReapWorld world, int slot, Verdict verdict) {
    var owner = world.owner(slot);
    return switch (verdict) {
      case Verdict.Terminate t when t.only().isEmpty() ->
          owner.map(l -> "INV-7 everything under an owned label is to end");
      case Verdict.Terminate t ->
          owner
              .flatMap(l -> l.instanceId())
              .filter(t.only()::contains)
              .map(i -> "INV-7 the owner's instance is to end");
      case Verdict.Gone gone -> gone(world, slot, gone);
      case Verdict.Adopt _, Verdict.Keep _, Verdict.Reopen _, Verdict.Nothing _ -> Optional.empty();
    };
  }

  private Optional<String> gone(ReapWorld world, int slot, Verdict.Gone gone) {
    if (!bounds.lateCreates() && world.count(slot, h -> is(h, ALIVE)) > 0) {
      return Optional.of("INV-9 the money is released while the instance is there");
    }
    if (world.owner(slot).isPresent()) {
      return Optional.of("INV-6 what a job owns is no longer looked at");
    }
    return gone.booking() instanceof Booking.Settle
        ? Optional.empty()
        : Optional.of("INV-9 an instance goes and its cost is not booked");
  }

  /** The law that a world breaks, if it breaks one. */
  Optional<String> brokenIn(ReapWorld world) {
    for (int s = 0; s < ReapWorld.SLOTS; s++) {
      var row = world.rows[s];
      var held = (world.reserved >>> s & 1) == 1;
      if (held != (row != null && row.state() != State.GONE)) {
        return Optional.of(
            held
                ? "INV-9 money is reserved for what is gone"
                : "INV-9 nothing is reserved for what may be there");
      }
    }
    return leaks(afterAll(world));
  }

  /**
   * The same world when faults have ended: what was not made is not made, lists are true and late
   * enough, terminates take effect; and then only the reaper acts.
   */
  private ReapWorld afterAll(ReapWorld world) {
    var w = world.copy();
    w.hosts = world.hosts.clone();
    w.pending = 0;
    w.windows = (1 << ReapWorld.SLOTS) - 1;
    for (int round = 0; round < ROUNDS; round++) {
      for (int slot : w.slots()) {
        catchUp(w);
        var look =
            new Look(
                w.rows[slot],
                Optional.of(w.lease),
                true,
                Optional.of(w.list(slot, true, -1)),
                ModelWorld.LATE);
        w = performed(w, slot, judge.decide(look));
      }
    }
    return w;
  }

  private static void catchUp(ReapWorld w) {
    for (int h = 0; h < w.hosts.length; h++) {
      w.hosts[h] = is(w.hosts[h], ALIVE) ? w.hosts[h] | LISTED : w.hosts[h] & ~LISTED;
    }
  }

  private static ReapWorld performed(ReapWorld world, int slot, Verdict verdict) {
    var w = written(world, slot, verdict);
    w.hosts = world.hosts.clone();
    switch (verdict) {
      case Verdict.Adopt adopt -> {
        var launch = ReapWorld.launch(slot);
        var event =
            new JobEvent.Launched(
                ModelWorld.NOON, launch.epoch(), launch.number(), adopt.seen().instanceId(), "m");
        if (JobMachine.decide(w.lease, event) instanceof Accepted accepted) {
          w.lease = ModelWorld.canonical(accepted.next());
        }
      }
      case Verdict.Terminate terminate -> {
        var asked = asked(w, slot, terminate);
        for (int h = 0; h < w.hosts.length; h++) {
          w.hosts[h] = is(asked.hosts[h], ASKED) ? ReapWorld.dead(w.hosts[h]) : w.hosts[h];
        }
      }
      case Verdict.Keep _, Verdict.Gone _, Verdict.Reopen _, Verdict.Nothing _ -> {}
    }
    return w;
  }

  private static Optional<String> leaks(ReapWorld world) {
    for (int h = 0; h < world.hosts.length; h++) {
      if (!is(world.hosts[h], ALIVE)) {
        continue;
      }
      int slot = ReapWorld.slotOf(world.hosts[h]);
      var owner = world.owner(slot);
      if (owner.isEmpty()) {
        return Optional.of("INV-7 an instance that nobody owns lives on for ever");
      }
      if (owner.get().instanceId().isEmpty()) {
        return Optional.of("an instance that its launch waits for is never adopted");
      }
      int own = world.host(owner.get().instanceId().get());
      if (own >= 0 && own != h && is(world.hosts[own], ALIVE)) {
        return Optional.of("INV-8 a copy lives on beside the owner's instance");
      }
    }
    for (int slot : world.slots()) {
      if (world.owner(slot).isEmpty() && world.rows[slot].state() != State.GONE) {
        return Optional.of("INV-9 what is gone is never confirmed, nor its money released");
      }
    }
    return Optional.empty();
  }

  /** The transaction of a verdict: the item, and the money beside it. */
  static ReapWorld written(ReapWorld world, int slot, Verdict verdict) {
    if (verdict instanceof Verdict.Nothing) {
      return world.copy();
    }
    var w = world.with(slot, verdict.next());
    var label = verdict.next().label();
    var money = w.money();
    w.reserved =
        ReapWorld.reserved(
            switch (verdict.booking()) {
              case Booking.None _ -> money;
              case Booking.Reserve(double usd) -> money.hold(label, usd);
              case Booking.Settle(double usd) -> money.settle(label, usd);
              case Booking.Spend(double usd) -> money.spend(usd);
            });
    return w;
  }

  /** The terminate call was accepted for whatever it met. */
  static ReapWorld asked(ReapWorld world, int slot, Verdict.Terminate terminate) {
    var w = world.copy();
    w.hosts = world.hosts.clone();
    for (int h = 0; h < w.hosts.length; h++) {
      var meant =
          terminate.only().isEmpty()
              ? ReapWorld.slotOf(w.hosts[h]) == slot
              : terminate.only().contains(ReapWorld.id(h));
      w.hosts[h] = meant && is(w.hosts[h], ALIVE) ? w.hosts[h] | ASKED : w.hosts[h];
    }
    return w;
  }
}
