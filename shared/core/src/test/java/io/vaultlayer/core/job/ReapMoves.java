package io.vaultlayer.core.job;

import static io.vaultlayer.core.job.ReapWorld.ALIVE;
import static io.vaultlayer.core.job.ReapWorld.ASKED;
import static io.vaultlayer.core.job.ReapWorld.LISTED;
import static io.vaultlayer.core.job.ReapWorld.REGISTERED;
import static io.vaultlayer.core.job.ReapWorld.is;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Ignored;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.reap.InstanceRow.State;
import io.vaultlayer.core.reap.Look;
import io.vaultlayer.core.reap.Reason;
import io.vaultlayer.core.reap.Verdict;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that can happen to the instances of one job: creates that are refused, answered,
 * unanswered, late or made twice; lists that lag behind or lack pages; terminates that are accepted
 * and take effect later or never; a reaper that dies between its write and its call; attempts that
 * register, hand over, die, succeed or are fenced by mistake; a user who cancels and resumes.
 */
final class ReapMoves implements ModelSpace<ReapWorld> {
  private final Judge judge;
  private final ReapBounds bounds;
  private final ReapLaws laws;
  private final Set<Reason> reasons = EnumSet.noneOf(Reason.class);
  private Sink<ReapWorld> sink;
  private ReapWorld now;

  ReapMoves(Judge judge, ReapBounds bounds) {
    this.judge = judge;
    this.bounds = bounds;
    laws = new ReapLaws(judge, bounds);
  }

  /** Reasons that the reaper gave so far. */
  Set<Reason> reasons() {
    return reasons;
  }

  @Override
  public ReapWorld first() {
    return ReapWorld.first();
  }

  @Override
  public void expand(ReapWorld world, Sink<ReapWorld> into) {
    now = world;
    sink = into;
    var broken = laws.brokenIn(now);
    if (broken.isPresent()) {
      sink.broken("all faults end", -1, 0, broken.get());
    }
    if (broken.isPresent() || now.lease.epoch() > bounds.epochs()) {
      return;
    }
    place();
    for (int slot : now.slots()) {
      create(slot);
      item(slot);
      reap(slot);
    }
    for (int h = 0; h < now.hosts.length; h++) {
      host(h);
    }
    watchAndUser();
  }

  // ---- the provisioner

  private void place() {
    var lease = now.lease;
    apply(
        "claims",
        -1,
        0,
        new JobEvent.Claim(ModelWorld.LATE, lease.epoch(), "p1", ModelWorld.LATE.plusSeconds(60)));
    int n = lease.nextLaunch();
    if (n <= bounds.launches()) {
      int slot = ReapWorld.slot(lease.epoch(), n);
      launch(
          "intends launch",
          slot,
          new JobEvent.Intend(
              ModelWorld.NOON, lease.epoch(), "p1", ModelWorld.launch(lease.epoch(), n)));
      if (bounds.handover() && lease.epoch() < bounds.epochs()) {
        launch(
            "declares successor",
            ReapWorld.slot(lease.epoch() + 1, n),
            new JobEvent.PrepareSuccessor(
                ModelWorld.NOON,
                lease.epoch(),
                ModelWorld.launch(lease.epoch() + 1, n),
                ModelWorld.RETRY));
      }
    }
    for (var launch : lease.launches()) {
      int slot = ReapWorld.slot(launch);
      apply(
          "closes launch",
          -1,
          launch.number(),
          new JobEvent.Unplaced(
              ModelWorld.NOON,
              lease.epoch(),
              "p1",
              Optional.of(launch.number()),
              ModelWorld.RETRY,
              "not there"));
      for (int h = 0; h < now.hosts.length; h++) {
        if (ReapWorld.slotOf(now.hosts[h]) == slot) {
          apply("create is answered with", h, launch.number(), launched(slot, h));
        }
      }
    }
  }

  private static JobEvent launched(int slot, int host) {
    var launch = ReapWorld.launch(slot);
    return new JobEvent.Launched(
        ModelWorld.NOON, launch.epoch(), launch.number(), ReapWorld.id(host), "m");
  }

  /** The intent: lease, instance item and money in one transaction. */
  private void launch(String move, int slot, JobEvent event) {
    if (!(JobMachine.decide(now.lease, event) instanceof Accepted accepted)) {
      return;
    }
    if (now.rows[slot] != null) {
      sink.broken(move, -1, slot, "INV-6 a label is used twice: this intent is refused for ever");
      return;
    }
    var next = now.written(accepted.next()).with(slot, ReapWorld.intended(slot));
    next.pending |= 1 << slot;
    next.reserved = ReapWorld.reserved(next.money().reserve(ReapWorld.launch(slot).label(), 1));
    go(move, -1, slot, next);
  }

  private void create(int slot) {
    int bit = 1 << slot;
    if ((now.pending & bit) == 0) {
      return;
    }
    int made = now.count(slot, h -> true);
    if (now.hosts.length < bounds.hosts()) {
      var next = now.created(slot);
      next.pending = made + 1 < (bounds.copies() ? 2 : 1) ? next.pending : next.pending & ~bit;
      go("create takes effect, slot", -1, slot, next);
    }
    var none = now.copy();
    none.pending &= ~bit;
    if (made == 0) {
      none.refused |= bit;
    }
    go(made == 0 ? "create is refused, slot" : "create is made once, slot", -1, slot, none);
  }

  /** What the provisioner writes into the item; each of these writes may be lost. */
  private void item(int slot) {
    int bit = 1 << slot;
    var row = now.rows[slot];
    var owned = now.owner(slot).isPresent();
    if (row.state() == State.INTENDED && now.count(slot, h -> true) > 0) {
      var live = row.launched(ModelWorld.NOON, ModelWorld.NOON.plusSeconds(35));
      go(
          "item says launched, slot",
          -1,
          slot,
          now.with(slot, owned ? live : live.abandoned(ModelWorld.NOON, "moved on")));
    }
    if (row.state() == State.INTENDED && (now.refused & bit) != 0) {
      go("item says refused, slot", -1, slot, now.with(slot, row.refused(ModelWorld.NOON, "no")));
    }
    var open = now.owner(slot).filter(l -> l.instanceId().isEmpty()).isPresent();
    if (open && row.state() == State.INTENDED) {
      go(
          "item says nothing was made, slot",
          -1,
          slot,
          now.with(slot, row.abandoned(ModelWorld.NOON, "made nothing")));
    }
    var shown = now.count(slot, h -> is(h, ALIVE) && !is(h, LISTED)) == 0;
    if ((now.windows & bit) == 0 && (bounds.lateCreates() || (now.pending & bit) == 0) && shown) {
      var next = now.copy();
      next.windows |= bit;
      go("window passes, slot", -1, slot, next);
    }
  }

  // ---- the reaper

  private void reap(int slot) {
    look("reaper looks, slot", slot, Optional.of(now.list(slot, true, -1)));
    look("reaper has no list, slot", slot, Optional.empty());
    look("reaper has a partial list, slot", slot, Optional.of(now.list(slot, false, -1)));
    for (int h = 0; h < now.hosts.length; h++) {
      if (is(now.hosts[h], LISTED)) {
        look("reaper's list lacks", slot, h, Optional.of(now.list(slot, false, h)));
      }
    }
  }

  private void look(String move, int slot, Optional<Inventory> list) {
    look(move, slot, -1, list);
  }

  private void look(String move, int slot, int host, Optional<Inventory> list) {
    var look = new Look(now.rows[slot], Optional.of(now.lease), true, list, ModelWorld.LATE);
    var verdict = judge.decide(look);
    reasons.add(verdict.reason());
    var broken = laws.brokenBy(now, slot, verdict);
    if (broken.isPresent()) {
      sink.broken(move, host, slot, broken.get() + " (" + verdict.reason() + ")");
      return;
    }
    if (verdict instanceof Verdict.Nothing) {
      return;
    }
    var written = ReapLaws.written(now, slot, verdict);
    go(move, host, slot, written);
    switch (verdict) {
      case Verdict.Adopt adopt -> {
        int seen = now.host(adopt.seen().instanceId());
        if (JobMachine.decide(written.lease, launched(slot, seen)) instanceof Accepted accepted) {
          go(move + " and adopts", seen, slot, written.written(accepted.next()));
        }
      }
      case Verdict.Terminate terminate ->
          go(move + " and asks for the end", host, slot, ReapLaws.asked(written, slot, terminate));
      case Verdict.Keep _, Verdict.Gone _, Verdict.Reopen _, Verdict.Nothing _ -> {}
    }
  }

  // ---- the instances, the watchdog and the user

  private void host(int h) {
    int host = now.hosts[h];
    if (is(host, ALIVE) != is(host, LISTED)) {
      go(is(host, ALIVE) ? "list shows" : "list forgets", h, 0, now.with(h, host ^ LISTED));
    }
    if (!is(host, ALIVE)) {
      return;
    }
    go("dies", h, 0, now.with(h, ReapWorld.dead(host)));
    if (is(host, ASKED)) {
      go("terminate takes effect on", h, 0, now.with(h, ReapWorld.dead(host)));
    }
    if (is(host, REGISTERED)) {
      owns(h);
    } else {
      registers(h);
    }
  }

  private void registers(int h) {
    int host = now.hosts[h];
    var launch = ReapWorld.launch(ReapWorld.slotOf(host));
    var event =
        new JobEvent.Register(
            ModelWorld.NOON,
            launch.epoch(),
            launch.number(),
            Walk.bootstrap(launch.epoch(), launch.number()),
            ModelWorld.token(h, launch.epoch()),
            ReapWorld.id(h),
            "m");
    switch (JobMachine.decide(now.lease, event)) {
      case Accepted accepted ->
          go(
              "registers",
              h,
              launch.epoch(),
              now.written(accepted.next()).with(h, host | REGISTERED));
      case Ignored(Why why) when why == Why.BOOTSTRAP_COPIED ->
          apply("copied token is fenced", h, launch.epoch(), fence(FenceCause.COPIED_TOKEN));
      case Decision _ -> {}
    }
  }

  private void owns(int h) {
    int epoch = ReapWorld.launch(ReapWorld.slotOf(now.hosts[h])).epoch();
    var token = ModelWorld.token(h, epoch);
    apply(
        "succeeds",
        h,
        epoch,
        new JobEvent.Exit(
            ModelWorld.NOON,
            epoch,
            token,
            Outcome.SUCCEEDED,
            Optional.of(0),
            "",
            "",
            Optional.empty(),
            Optional.empty()));
    if (!bounds.handover()) {
      return;
    }
    apply(
        "beats",
        h,
        epoch,
        new JobEvent.Heartbeat(
            ModelWorld.NOON,
            epoch,
            token,
            1,
            "running",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()));
    apply(
        "tells of a notice",
        h,
        epoch,
        new JobEvent.Reclaim(ModelWorld.NOON, epoch, token, ModelWorld.NOON.plusSeconds(120)));
  }

  private JobEvent fence(FenceCause cause) {
    int epoch = now.lease.epoch();
    return new JobEvent.Fence(
        ModelWorld.LATE,
        epoch,
        ModelWorld.SEQUENCE,
        "f" + epoch,
        cause,
        Outcome.LOST,
        "silent",
        true);
  }

  private void watchAndUser() {
    apply("fence", -1, now.lease.epoch(), fence(FenceCause.SILENCE));
    if (now.ends < bounds.ends()) {
      var cancel = new JobEvent.Cancel(ModelWorld.NOON, "cancelled", "");
      if (JobMachine.decide(now.lease, cancel) instanceof Accepted accepted) {
        var next = now.written(accepted.next());
        next.ends++;
        go("cancel", -1, 0, next);
      }
    }
    if (bounds.ends() > 0) {
      apply("resume", -1, 0, new JobEvent.Resume(ModelWorld.NOON, now.lease.epoch()));
    }
  }

  // ---- shared

  private void apply(String move, int host, int detail, JobEvent event) {
    if (JobMachine.decide(now.lease, event) instanceof Accepted accepted) {
      go(move, host, detail, now.written(accepted.next()));
    }
  }

  private void go(String move, int host, int detail, ReapWorld next) {
    sink.next(move, host, detail, next);
  }
}
