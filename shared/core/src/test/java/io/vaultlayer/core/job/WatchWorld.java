package io.vaultlayer.core.job;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.watch.Breakers;
import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.core.watch.Round;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * One attempt and one watchdog, in steps of a beat. Here time is what matters, so it is kept, as
 * distances from now in steps; what lies further back than anybody asks is as far back as that.
 */
final class WatchWorld implements ModelSpace.World {
  static final Duration STEP = Duration.ofSeconds(10);
  static final int LEASE = 4;
  static final int NONE = 15;

  /** After so many steps without a tick the watchdog must have noticed its absence. */
  static final int NOTICED = 3;

  /** Further back than every limit: a lease, a grace, the watchdog's patience while idle. */
  private static final int FAR = 12;

  private static final Instant NOW = Walk.START.plus(Duration.ofDays(1));
  private static final Lease RUNNING = Walk.running().lease().withoutJournal();

  /** Of the lease, in steps from now. */
  int deadline = LEASE;

  /** Its end in steps from now, or NONE. */
  int grace = NONE;

  /** Steps since the watchdog took its last turn, or NONE before the first. */
  int lastTick = NONE;

  Memory.Stage stage = Memory.Stage.DONE;

  /** Steps since when it watches without a gap. */
  int watched;

  /** A whole sweep was done in this step. */
  boolean swept;

  /** Our own plane takes beats and ticks. */
  boolean up = true;

  /** Steps for which it has been away, up to NOTICED. */
  int away;

  boolean alive = true;

  /** A beat came through since the plane came back. */
  boolean reached = true;

  /** Steps after which the next beat comes, before anything else; 0: it is due. */
  int untilBeat = 1;

  /** Whole sweeps in a row, one in each step, that left the dead attempt its lease. */
  int ignored;

  boolean fenced;

  static WatchWorld first() {
    return new WatchWorld();
  }

  WatchWorld copy() {
    var w = new WatchWorld();
    w.deadline = deadline;
    w.grace = grace;
    w.lastTick = lastTick;
    w.stage = stage;
    w.watched = watched;
    w.swept = swept;
    w.up = up;
    w.away = away;
    w.alive = alive;
    w.reached = reached;
    w.untilBeat = untilBeat;
    w.ignored = ignored;
    w.fenced = fenced;
    return w;
  }

  static Instant now() {
    return NOW;
  }

  private static Instant at(int steps) {
    return NOW.plus(STEP.multipliedBy(steps));
  }

  /** In steps from now, rounded up: what ends within a step is looked at by the next tick. */
  private static int steps(Instant time) {
    return Math.toIntExact(Math.ceilDiv(Duration.between(NOW, time).toMillis(), STEP.toMillis()));
  }

  Lease lease() {
    var draft = RUNNING.draftAt(ModelWorld.SEQUENCE);
    draft.deadline = Optional.of(at(deadline));
    draft.graceEnd = grace == NONE ? Optional.empty() : Optional.of(at(grace));
    return draft.build();
  }

  Optional<Memory> memory() {
    return lastTick == NONE
        ? Optional.empty()
        : Optional.of(
            new Memory(
                at(-lastTick), stage, true, at(-watched), Breakers.NONE, Round.START, Map.of()));
  }

  /** The attempt registered right after a sweep that found no work. */
  WatchWorld afterIdle() {
    var w = copy();
    w.lastTick = 0;
    w.stage = Memory.Stage.IDLE;
    return w;
  }

  WatchWorld remembering(Memory memory, boolean whole) {
    var w = copy();
    w.lastTick = -steps(memory.lastTick());
    w.stage = memory.stage();
    w.watched = Math.min(FAR, -steps(memory.watchSince()));
    w.swept = swept || whole;
    return w;
  }

  WatchWorld holding(Lease lease, boolean isFenced) {
    var w = copy();
    w.deadline = lease.deadline().map(WatchWorld::steps).orElse(0);
    w.grace = lease.graceEnd().map(WatchWorld::steps).orElse(NONE);
    w.fenced = isFenced;
    return w;
  }

  WatchWorld beaten() {
    var w = copy();
    w.deadline = LEASE;
    w.grace = NONE;
    w.reached = true;
    w.untilBeat = 1;
    return w;
  }

  WatchWorld dead() {
    var w = copy();
    w.alive = false;
    w.ignored = 0;
    return w;
  }

  WatchWorld gone() {
    var w = copy();
    w.up = false;
    w.away = 0;
    w.swept = false;
    w.ignored = 0;
    return w;
  }

  /**
   * The plane comes back. After an absence that must have been noticed the attempt may take nearly
   * a lease to reach it, after a shorter one a beat.
   */
  WatchWorld back() {
    var w = copy();
    w.up = true;
    w.reached = false;
    w.untilBeat = away >= NOTICED ? LEASE - 1 : 1;
    return w;
  }

  boolean isBeatDue() {
    return up && alive && untilBeat == 0;
  }

  WatchWorld passed() {
    var w = copy();
    w.deadline = Math.max(-FAR, deadline - 1);
    w.grace = grace == NONE ? NONE : Math.max(-FAR, grace - 1);
    w.lastTick = lastTick == NONE ? NONE : Math.min(FAR, lastTick + 1);
    w.watched = Math.min(FAR, watched + 1);
    w.away = up ? away : Math.min(NOTICED, away + 1);
    w.untilBeat = up && alive ? untilBeat - 1 : untilBeat;
    w.ignored = !alive && swept ? ignored + 1 : 0;
    w.swept = false;
    return w;
  }

  @Override
  public long fingerprint() {
    long h = deadline + 16;
    h = h << 6 | grace + 16;
    h = h << 4 | lastTick;
    h = h << 4 | watched;
    h = h << 2 | stage.ordinal();
    h = h << 4 | ignored;
    h = h << 2 | (alive ? untilBeat : 0);
    h = h << 2 | (up ? 0 : away);
    return h << 5
        | (swept ? 1 : 0)
        | (up ? 2 : 0)
        | (alive ? 4 : 0)
        | (fenced ? 8 : 0)
        | (reached ? 16 : 0);
  }
}
