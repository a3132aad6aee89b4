package io.vaultlayer.core.job;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.reap.InstanceRow.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * One state of the model of instances: the real lease, the real instance items, the real money, and
 * a provider whose list lags behind what there is. A label's slot is its epoch and number.
 */
final class ReapWorld implements ModelSpace.World {
  static final int SLOTS = 8;

  /** Bits of an instance. */
  static final int ALIVE = 1;

  /** The provider's list shows it: not yet at first, and for a while after its end. */
  static final int LISTED = 2;

  /** A terminate was accepted for it, and may take effect at any time, or never. */
  static final int ASKED = 4;

  static final int REGISTERED = 8;
  private static final int SLOT = 4;

  private static final Instant NOON = ModelWorld.NOON;
  private static final Instant WINDOW = NOON.plusSeconds(35);

  Lease lease;

  /** By slot; null where no launch was intended. */
  InstanceRow[] rows = new InstanceRow[SLOTS];

  int[] hosts = new int[0];

  /** Bits by slot: a create call is out and may take effect. */
  int pending;

  /** Bits by slot: the provider refused and made nothing. */
  int refused;

  /** Bits by slot: lists asked for from now on are late enough. */
  int windows;

  /** Bits by slot: the money row holds a reservation. */
  int reserved;

  int ends;

  static ReapWorld first() {
    var world = new ReapWorld();
    world.lease = ModelWorld.first().lease;
    return world;
  }

  ReapWorld copy() {
    var w = new ReapWorld();
    w.lease = lease;
    w.rows = rows.clone();
    w.hosts = hosts;
    w.pending = pending;
    w.refused = refused;
    w.windows = windows;
    w.reserved = reserved;
    w.ends = ends;
    return w;
  }

  ReapWorld written(Lease next) {
    var w = copy();
    w.lease = ModelWorld.canonical(next);
    return w;
  }

  ReapWorld with(int host, int value) {
    var w = copy();
    w.hosts = hosts.clone();
    w.hosts[host] = value;
    return w;
  }

  ReapWorld with(int slot, InstanceRow row) {
    var w = copy();
    w.rows[slot] = canonical(row);
    return w;
  }

  /** One more instance, which no list shows yet. */
  ReapWorld created(int slot) {
    var w = copy();
    w.hosts = Arrays.copyOf(hosts, hosts.length + 1);
    w.hosts[hosts.length] = slot << SLOT | ALIVE;
    return w;
  }

  /** What is left of an instance that ended: only whether lists still show it. */
  static int dead(int host) {
    return host & ~(ALIVE | ASKED | REGISTERED);
  }

  static boolean is(int host, int bit) {
    return (host & bit) != 0;
  }

  static int slotOf(int host) {
    return host >>> SLOT;
  }

  static int slot(int epoch, int number) {
    return (epoch - 1) * 4 + number - 1;
  }

  static int slot(LaunchRecord launch) {
    return slot(launch.epoch(), launch.number());
  }

  static LaunchRecord launch(int slot) {
    return ModelWorld.launch(slot / 4 + 1, slot % 4 + 1);
  }

  static String id(int host) {
    return "i" + host;
  }

  /** How many instances a slot ever had, or has that fit. */
  int count(int slot, IntPredicate which) {
    return (int) Arrays.stream(hosts).filter(h -> slotOf(h) == slot).filter(which).count();
  }

  /** The launch by which the lease owns the slot's label; a restart in place keeps its label. */
  Optional<LaunchRecord> owner(int slot) {
    return lease.state().isFinal()
        ? Optional.empty()
        : lease.launches().stream().filter(l -> l.label().equals(launch(slot).label())).findFirst();
  }

  /** The instance of that id, or -1. */
  int host(String id) {
    for (int h = 0; h < hosts.length; h++) {
      if (id(h).equals(id)) {
        return h;
      }
    }
    return -1;
  }

  /** The item as the intent stores it. */
  static InstanceRow intended(int slot) {
    return canonical(InstanceRow.intended(job(), launch(slot), NOON, WINDOW));
  }

  private static JobId job() {
    return new JobId("job_01k00000000000000000000000");
  }

  /** The list as it is: complete, or without the instance that {@code hidden} names. */
  Inventory list(int slot, boolean complete, int hidden) {
    var seen = new ArrayList<Seen>();
    for (int h = 0; h < hosts.length; h++) {
      if (is(hosts[h], LISTED) && h != hidden) {
        seen.add(new Seen(launch(slotOf(hosts[h])).label(), id(h), "m", Sighting.RUNNING));
      }
    }
    var late = (windows >>> slot & 1) == 1;
    return new Inventory(late ? ModelWorld.LATE : NOON, complete, seen);
  }

  /** Reservations of one dollar each, as far as the bits say. */
  Money money() {
    var money = Money.fresh(Optional.empty());
    for (int s = 0; s < SLOTS; s++) {
      money = (reserved >>> s & 1) == 1 ? money.reserve(launch(s).label(), 1) : money;
    }
    return money;
  }

  static int reserved(Money money) {
    int bits = 0;
    for (int s = 0; s < SLOTS; s++) {
      bits |= money.reserved().containsKey(launch(s).label()) ? 1 << s : 0;
    }
    return bits;
  }

  /** Every time made one; what a count of tries above 1 changes is only pauses and an alarm. */
  static InstanceRow canonical(InstanceRow row) {
    var gone = row.state() == State.GONE;
    return new InstanceRow(
        row.label(),
        row.job(),
        row.epoch(),
        row.launch(),
        row.provider(),
        row.state(),
        1,
        NOON,
        row.visibleAt().isAfter(NOON) ? WINDOW : NOON,
        NOON,
        row.copies(),
        gone ? Optional.of(NOON) : Optional.empty(),
        gone ? Optional.empty() : Optional.of(NOON),
        Math.min(1, row.tries()),
        "");
  }

  private static long code(InstanceRow row) {
    return row == null
        ? 0
        : 1
            + row.state().ordinal()
            + 4L * (row.visibleAt().isAfter(NOON) ? 1 : 0)
            + 8L * row.tries()
            + 16L * row.copies();
  }

  @Override
  public long fingerprint() {
    long h = ModelWorld.fingerprint(lease);
    for (var row : rows) {
      h = ModelWorld.mix(h, code(row));
    }
    for (int host : hosts) {
      h = ModelWorld.mix(h, host);
    }
    h = ModelWorld.mix(h, pending << 16 | refused << 8 | windows);
    return ModelWorld.mix(h, (long) reserved << 16 | hosts.length << 8 | ends);
  }

  List<Integer> slots() {
    var used = new ArrayList<Integer>();
    for (int s = 0; s < SLOTS; s++) {
      if (rows[s] != null) {
        used.add(s);
      }
    }
    return used;
  }
}
