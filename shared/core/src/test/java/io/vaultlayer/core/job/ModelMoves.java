package io.vaultlayer.core.job;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Ignored;
import io.vaultlayer.core.job.Decision.Recognised;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that can happen next in a world. The lease moves by the machine's decisions alone; the
 * world around it is as unkind as the protocol allows: creates take effect late and twice, answers
 * are lost, messages of the living and the dead arrive at any time and again, watchers act on what
 * they saw long ago, silence is mistaken for death, and nobody's clock means anything.
 */
final class ModelMoves implements ModelSpace<ModelWorld> {
  private final Machine machine;
  private final ModelBounds bounds;
  private final ModelFaults faults;
  private final ModelLaws laws;

  private final Set<Edge> edges = EnumSet.noneOf(Edge.class);
  private Sink<ModelWorld> sink;
  private ModelWorld now;

  ModelMoves(Machine machine, ModelBounds bounds, ModelFaults faults) {
    this.machine = machine;
    this.bounds = bounds;
    this.faults = faults;
    laws = new ModelLaws(machine);
  }

  /** Edges of the machine that were taken so far. */
  Set<Edge> edges() {
    return edges;
  }

  @Override
  public ModelWorld first() {
    return ModelWorld.first();
  }

  @Override
  public void expand(ModelWorld world, Sink<ModelWorld> into) {
    now = world;
    sink = into;
    if (now.lease.epoch() > bounds.epochs()) {
      return;
    }
    place();
    for (int h = 0; h < now.hosts.length; h++) {
      register(h);
      nextEpoch(h);
      exit(h);
      for (int e = 1; e <= bounds.epochs(); e++) {
        for (int s = 1; s <= bounds.steps(); s++) {
          commit(h, e, s);
        }
      }
      if (ModelHost.isActing(now.hosts[h])) {
        work(h);
      } else if (ModelHost.isAlive(now.hosts[h])) {
        become("dies", h, ModelHost.dead(now.hosts[h]));
        become("fails before it registered", h, ModelHost.ended(now.hosts[h], ModelHost.FAILED));
      }
    }
    watch();
    user();
    storage();
  }

  // ---- the provisioner

  private void place() {
    var lease = now.lease;
    for (var by : new String[] {"p1", "p2"}) {
      var until = ModelWorld.LATE.plusSeconds(60);
      write(
          "claims", by.charAt(1), 0, new JobEvent.Claim(ModelWorld.LATE, lease.epoch(), by, until));
      if (lease.nextLaunch() <= bounds.launches()) {
        intend(by, lease);
      }
    }
    write("finds no place", -1, 0, unplaced(Optional.empty()));
    for (var launch : lease.launches()) {
      write(
          "create of launch is answered",
          -1,
          launch.number(),
          new JobEvent.Launched(ModelWorld.NOON, launch.epoch(), launch.number(), "i", "m"));
      write("closes launch", -1, launch.number(), unplaced(Optional.of(launch.number())));
    }
    if (now.hosts.length < bounds.hosts()) {
      for (int e = 1; e <= bounds.epochs(); e++) {
        for (int n = 1; n <= 3; n++) {
          if ((now.creates >>> e * 4 + n & 1) == 1) {
            sink.next(
                "create takes effect, e" + e + " launch",
                now.hosts.length,
                n,
                now.withOneMore(ModelHost.created(e, n)));
          }
        }
      }
    }
  }

  private JobEvent unplaced(Optional<Integer> number) {
    var by = now.lease.claim().map(c -> c.by()).orElse("p1");
    return new JobEvent.Unplaced(
        ModelWorld.NOON, now.lease.epoch(), by, number, ModelWorld.RETRY, "not there");
  }

  private void intend(String by, Lease lease) {
    int n = lease.nextLaunch();
    var launch = ModelWorld.launch(lease.epoch(), n);
    var event = new JobEvent.Intend(ModelWorld.NOON, lease.epoch(), by, launch);
    launch("intends launch", by.charAt(1), n, lease.epoch(), event);
  }

  /** The instance item refuses a label that was used before: such an intent can never be stored. */
  private void launch(String move, int host, int n, int epoch, JobEvent event) {
    var next = accepted(move, host, n, event);
    if (next == null) {
      return;
    }
    int create = 1 << epoch * 4 + n;
    if ((next.creates & create) != 0) {
      sink.broken(move, host, n, "INV-6 a label is used twice: this intent is refused for ever");
      return;
    }
    next.creates |= create;
    sink.next(move, host, n, next);
  }

  // ---- the instances

  private void register(int h) {
    int host = now.hosts[h];
    if (ModelHost.epoch(host) > 0 || ModelHost.end(host) != ModelHost.LIVES) {
      return;
    }
    int e = ModelHost.launchEpoch(host);
    int n = ModelHost.launchNumber(host);
    var event =
        new JobEvent.Register(
            ModelWorld.NOON, e, n, Walk.bootstrap(e, n), ModelWorld.token(h, e), "i", "m");
    switch (decide("registers", h, n, event)) {
      case Accepted accepted -> {
        var written = check("registers", h, n, event, accepted);
        if (written != null) {
          sink.next("registers, answer lost", h, n, written);
          starts("registers", h, e, written);
        }
      }
      case Recognised _ -> starts("registers again", h, e, now);
      case Ignored(Why why) when why == Why.BOOTSTRAP_COPIED -> copied(h, e, n);
      case Ignored _ -> {}
    }
  }

  /** The answer reached it: it starts from what the lease says, or a mutant from what it found. */
  private void starts(String move, int h, int epoch, ModelWorld written) {
    if (!ModelHost.isAlive(written.hosts[h])) {
      return;
    }
    int from = faults.resumesByListing() ? listed(written) : written.pointerStep();
    var next = written.with(h, ModelHost.acting(written.hosts[h], epoch, from));
    deliver(move, h, from, next);
  }

  private int listed(ModelWorld world) {
    int newest = 0;
    for (int e = 1; e <= bounds.epochs(); e++) {
      for (int s = 1; s <= bounds.steps(); s++) {
        newest = world.stored(e, s) == ModelWorld.WHOLE ? Math.max(newest, s) : newest;
      }
    }
    return newest;
  }

  private void copied(int h, int e, int n) {
    var another = false;
    for (int other = 0; other < now.hosts.length; other++) {
      another |=
          other != h
              && ModelHost.launchEpoch(now.hosts[other]) == e
              && ModelHost.launchNumber(now.hosts[other]) == n;
    }
    if (!another) {
      sink.broken("registers again", h, n, "an own write tried again is taken for a copy");
      return;
    }
    write("copied token is fenced", h, n, fence(ModelWorld.SEQUENCE, FenceCause.COPIED_TOKEN));
  }

  private void work(int h) {
    int host = now.hosts[h];
    int e = ModelHost.epoch(host);
    var token = ModelWorld.token(h, e);
    become("dies", h, ModelHost.dead(host));
    become("fails", h, ModelHost.ended(host, ModelHost.FAILED));
    become("reports its loss", h, ModelHost.ended(host, ModelHost.LOST));
    if (ModelHost.asks(host)) {
      return;
    }
    write(
        "beats",
        h,
        e,
        new JobEvent.Heartbeat(
            ModelWorld.NOON,
            e,
            token,
            1,
            ModelHost.runs(host) ? "running" : "restoring",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()));
    if (bounds.handover()) {
      become("asks for the next epoch", h, ModelHost.asking(host));
      write(
          "tells of a notice",
          h,
          e,
          new JobEvent.Reclaim(ModelWorld.NOON, e, token, ModelWorld.NOON.plusSeconds(120)));
    }
    if (!ModelHost.runs(host)) {
      restores(h, e);
      return;
    }
    if (now.lease.pointer().filter(p -> p.epoch() == e).isPresent()) {
      condemn(h, e);
    }
    int step = ModelHost.step(host);
    if (step < bounds.steps()) {
      var next = now.with(h, ModelHost.trained(host));
      sink.next(
          "trains to",
          h,
          step + 1,
          next.stored(e, step + 1) == ModelWorld.NOTHING
              ? next.storing(e, step + 1, ModelWorld.DATA)
              : next);
    } else if (now.lease.pointer().isPresent() && now.pointerStep() >= step) {
      become("ends well", h, ModelHost.ended(host, ModelHost.SUCCEEDED));
    }
    for (int s = 1; s <= bounds.steps(); s++) {
      if (s <= ModelHost.reached(host, e) && now.stored(e, s) == ModelWorld.DATA) {
        sink.next("writes the manifest of", h, s, now.storing(e, s, ModelWorld.WHOLE));
      }
    }
  }

  /** It starts its program, unless what it restores is damaged: then it condemns first. */
  private void restores(int h, int e) {
    int from = ModelHost.from(now.hosts[h]);
    if (!now.isRotten(from)) {
      deliver("restores from", h, from, now.with(h, ModelHost.running(now.hosts[h])));
    }
    var owner = now.lease.token().filter(ModelWorld.token(h, e)::equals).isPresent();
    if (owner && now.pointerStep() != from) {
      become("asks again", h, ModelHost.acting(now.hosts[h], e, now.pointerStep()));
    }
    condemn(h, e);
  }

  /** The control plane has itself seen the damage, and takes the newest earlier that is whole. */
  private void condemn(int h, int e) {
    var pointer = now.lease.pointer();
    if (pointer.isEmpty() || !now.isRotten(pointer.get())) {
      return;
    }
    Optional<Pointer> replacement =
        now.lease.earlier().stream().filter(p -> !now.isRotten(p)).findFirst();
    var event =
        new JobEvent.Condemn(
            ModelWorld.NOON, e, ModelWorld.token(h, e), pointer.get(), replacement, "damaged");
    var next = accepted("condemns", h, (int) pointer.get().step(), event);
    if (next != null) {
      next.condemned |= ModelWorld.bit(pointer.get());
      sink.next("condemns", h, (int) pointer.get().step(), next);
    }
  }

  private void commit(int h, int e, int s) {
    int host = now.hosts[h];
    int reached = ModelHost.reached(host, e);
    var sent = reached >= s || reached < 0 && ModelHost.launchEpoch(host) == e;
    if (!sent
        || now.stored(e, s) == ModelWorld.NOTHING
        || now.stored(e, s) == ModelWorld.DATA && !faults.skipsTheManifest()) {
      return;
    }
    var event =
        new JobEvent.Commit(ModelWorld.NOON, e, ModelWorld.token(h, e), ModelWorld.pointer(e, s));
    write("commit arrives, e" + e + " step", h, s, event);
  }

  private void nextEpoch(int h) {
    int host = now.hosts[h];
    if (!ModelHost.asks(host)) {
      return;
    }
    int e = ModelHost.epoch(host);
    var event =
        new JobEvent.NextEpoch(
            ModelWorld.NOON,
            e,
            ModelWorld.token(h, e),
            ModelWorld.token(h, e + 1),
            Outcome.LOST,
            "SIGKILL",
            Optional.empty(),
            Optional.empty());
    switch (decide("next epoch is asked for", h, e, event)) {
      case Accepted accepted -> {
        var written = check("next epoch is asked for", h, e, event, accepted);
        if (written != null) {
          sink.next("next epoch is granted, answer lost", h, e + 1, written);
          starts("next epoch is granted", h, e + 1, written);
        }
      }
      case Recognised _ -> starts("next epoch is granted again", h, e + 1, now);
      case Ignored _ -> {}
    }
  }

  private void exit(int h) {
    int host = now.hosts[h];
    if (ModelHost.end(host) == ModelHost.LIVES) {
      return;
    }
    int e = ModelHost.epoch(host) > 0 ? ModelHost.epoch(host) : ModelHost.launchEpoch(host);
    var outcome =
        switch (ModelHost.end(host)) {
          case ModelHost.SUCCEEDED -> Outcome.SUCCEEDED;
          case ModelHost.LOST -> Outcome.LOST;
          default -> Outcome.FAILED;
        };
    var event =
        new JobEvent.Exit(
            ModelWorld.NOON,
            e,
            ModelWorld.token(h, e),
            outcome,
            Optional.empty(),
            "user_program_failed",
            "",
            Optional.empty(),
            Optional.empty());
    var next = accepted("exit arrives", h, e, event);
    if (next == null) {
      return;
    }
    for (int other = 0; other < now.hosts.length; other++) {
      if (other != h
          && ModelHost.isActing(now.hosts[other])
          && ModelHost.epoch(now.hosts[other]) == now.lease.epoch()) {
        sink.broken("exit arrives", h, e, "the exit of a duplicate ends a healthy attempt");
      }
    }
    sink.next("exit arrives", h, e, next);
  }

  // ---- the watchdog, the control plane and the user

  private JobEvent.Fence fence(long sequence, FenceCause cause) {
    int epoch = cause == FenceCause.SILENCE ? now.seen >>> 1 : now.lease.epoch();
    return new JobEvent.Fence(
        ModelWorld.LATE, epoch, sequence, "f" + epoch, cause, Outcome.LOST, "silent", true);
  }

  private void watch() {
    var lease = now.lease;
    int fresh = lease.epoch() * 2 + 1;
    if (lease.state().isWatched() && now.seen != fresh) {
      var looked = now.copy();
      looked.seen = fresh;
      sink.next("the watchdog looks", -1, lease.epoch(), looked);
    }
    if (now.seen > 0) {
      var stale = (now.seen & 1) == 0;
      var event = fence(ModelWorld.SEQUENCE - (stale ? 1 : 0), FenceCause.SILENCE);
      var next = accepted("fence", -1, event.epoch(), event);
      if (next != null && stale) {
        sink.broken("fence", -1, event.epoch(), "a fence by what was seen before a later beat");
      } else if (next != null) {
        sink.next("fence", -1, event.epoch(), next);
      }
    }
    if (bounds.handover()) {
      int n = lease.nextLaunch();
      if (n <= 3 && lease.epoch() < bounds.epochs()) {
        var event =
            new JobEvent.PrepareSuccessor(
                ModelWorld.NOON,
                lease.epoch(),
                ModelWorld.launch(lease.epoch() + 1, n),
                ModelWorld.RETRY);
        launch("declares a successor, launch", -1, n, lease.epoch() + 1, event);
      }
    }
    if (lease.epoch() > 1) {
      for (int s = 1; s <= bounds.steps(); s++) {
        if (now.stored(lease.epoch() - 1, s) == ModelWorld.WHOLE) {
          write(
              "salvages step",
              -1,
              s,
              new JobEvent.Salvage(
                  ModelWorld.NOON, lease.epoch(), ModelWorld.pointer(lease.epoch() - 1, s)));
        }
      }
    }
  }

  private void user() {
    if (now.cancels < bounds.cancels()) {
      var next = accepted("cancel", -1, 0, new JobEvent.Cancel(ModelWorld.NOON, "cancelled", ""));
      if (next != null) {
        next.cancels++;
        sink.next("cancel", -1, 0, next);
      }
    }
    if (now.resumes < bounds.resumes()) {
      var next = accepted("resume", -1, 0, new JobEvent.Resume(ModelWorld.NOON, now.lease.epoch()));
      if (next != null) {
        next.resumes++;
        sink.next("resume", -1, 0, next);
      }
    }
  }

  private void storage() {
    if (Integer.bitCount(now.rotten) >= bounds.damages()) {
      return;
    }
    now.lease
        .pointer()
        .filter(p -> !now.isRotten(p))
        .ifPresent(p -> {
          var rotten = now.copy();
          rotten.rotten |= ModelWorld.bit(p);
          sink.next("the pointer's data rots", -1, (int) p.step(), rotten);
        });
  }

  // ---- shared

  private void become(String move, int h, int host) {
    sink.next(move, h, ModelHost.epoch(host), now.with(h, host));
  }

  private void write(String move, int host, int detail, JobEvent event) {
    var next = accepted(move, host, detail, event);
    if (next != null) {
      sink.next(move, host, detail, next);
    }
  }

  /** The world after the write, or null when there was none or it broke a law. */
  private ModelWorld accepted(String move, int host, int detail, JobEvent event) {
    return decide(move, host, detail, event) instanceof Accepted accepted
        ? check(move, host, detail, event, accepted)
        : null;
  }

  private Decision decide(String move, int host, int detail, JobEvent event) {
    try {
      return machine.decide(now.lease, event);
    } catch (RuntimeException e) {
      sink.broken(move, host, detail, "the machine itself broke: " + e.getMessage());
      return new Ignored(Why.WRONG_STATE);
    }
  }

  private ModelWorld check(String move, int host, int detail, JobEvent event, Accepted accepted) {
    var broken = laws.brokenBy(now, event, accepted.next());
    if (broken.isPresent()) {
      sink.broken(move, host, detail, broken.get());
      return null;
    }
    edges.add(accepted.edge());
    return now.written(accepted.next());
  }

  private void deliver(String move, int host, int detail, ModelWorld next) {
    var broken = laws.brokenIn(next);
    if (broken.isPresent()) {
      sink.broken(move, host, detail, broken.get());
    } else {
      sink.next(move, host, detail, next);
    }
  }
}
