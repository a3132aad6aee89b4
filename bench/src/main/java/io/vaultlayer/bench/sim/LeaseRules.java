package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Checks.JobTruth;
import io.vaultlayer.bench.sim.Invocation.Caller;
import io.vaultlayer.bench.sim.Invocation.Function;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What one write of a lease item may do, from the protocol's table and the invariants. */
final class LeaseRules {
  /** Two clocks of ours differ by at most this, and a bit. */
  static final long SKEW = 4_500;

  private static final Set<String> BY_OWNER =
      Set.of("heartbeat", "commit", "condemn", "reclaim", "exit", "next");

  private final World world;
  private final Checks checks;
  private final PointerRules pointerRules;

  LeaseRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
    this.pointerRules = new PointerRules(world, checks);
  }

  void written(Optional<Item> oldItem, Item item, Write.Put put, List<Write> writes) {
    var id = item.key().partition();
    var job = checks.job(id);
    var lease = Checks.lease(item);
    var before = job.lease;
    if (before.isEmpty()) {
      job.lease = Optional.of(lease);
      require(put.expect() instanceof Expect.Absent, "INV-1", id, "a lease is made blindly");
      return;
    }
    var old = before.orElseThrow();
    require(
        looksFirst(old, oldItem, put, writes),
        "INV-1",
        id,
        "a lease is written without looking at what is there");
    require(
        world.rows.get(other(put.table()), put.key()).isEmpty(),
        "INV-1",
        id,
        "its lease stands in two tables");
    require(
        lease.sequence() == old.sequence() + 1,
        "INV-1",
        id,
        "the sequence goes from " + old.sequence() + " to " + lease.sequence());
    var invocation = world.plane.current;
    var caller = invocation.flatMap(i -> i.caller).filter(c -> c.job().equals(id));
    boolean settles = settles(old, lease);
    if (!settles) {
      moved(job, old, lease, invocation, caller, writes);
    }
    due(lease, item);
    job.lease = Optional.of(lease);
    world.plane.leaseWritten(!settles && !beats(old, lease));
    // A lease counts from when the call came in, however late its handler writes.
    long heardAt = invocation.map(i -> i.begunAt).orElse(world.engine.now());
    if (!settles && caller.isPresent() && owns(old, caller.get())) {
      job.heardAt = heardAt;
      job.heardIndex = checks.index();
    }
    if (caller.filter(c -> c.verb().equals("register")).isPresent() && lease.bound().isPresent()) {
      job.heardAt = heardAt;
      job.heardIndex = checks.index();
    }
    if (!lease.pointer().equals(old.pointer())) {
      job.sinceRegister.add(lease.pointer());
    }
    if (lease.armed()) {
      job.armed = true;
    }
  }

  /** The condition names what is there, in this table or in the one that the lease leaves. */
  private static boolean looksFirst(
      Lease old, Optional<Item> oldItem, Write.Put put, List<Write> writes) {
    if (oldItem.isPresent()) {
      return put.expect() instanceof Expect.Version v && v.number() == old.sequence();
    }
    return writes.stream()
        .anyMatch(w ->
            w instanceof Write.Delete
                && w.table().equals(other(put.table()))
                && w.key().equals(put.key())
                && w.expect() instanceof Expect.Version v
                && v.number() == old.sequence());
  }

  /** Live leases and those of ended jobs have a table each. */
  private static String other(String table) {
    return table.equals("leases") ? "ended" : "leases";
  }

  private static boolean owns(Lease lease, Caller caller) {
    return lease.epoch() == caller.epoch()
        && lease.token().filter(caller.token()::matches).isPresent();
  }

  private static boolean beats(Lease old, Lease lease) {
    return old.epoch() == lease.epoch()
        && old.state() == lease.state()
        && old.pointer().equals(lease.pointer())
        && old.launches().equals(lease.launches());
  }

  /** Only the journal, the due time and the sequence differ. */
  private static boolean settles(Lease old, Lease lease) {
    return old.epoch() == lease.epoch()
        && old.state() == lease.state()
        && old.token().equals(lease.token())
        && old.pointer().equals(lease.pointer())
        && old.launches().equals(lease.launches())
        && old.run().equals(lease.run())
        && old.deadline().equals(lease.deadline())
        && old.graceEnd().equals(lease.graceEnd())
        && old.claim().equals(lease.claim())
        && old.counters().equals(lease.counters())
        && old.reason().equals(lease.reason())
        && old.endedAt().equals(lease.endedAt())
        && old.armed() == lease.armed();
  }

  private void due(Lease lease, Item item) {
    require(
        lease.state().isFinal()
            || item.due().isPresent()
            || lease.state().isWatched() && lease.deadline().isPresent(),
        "INV-6",
        lease.job().value(),
        "state " + lease.state() + " and nothing will look at it");
    require(
        !lease.state().isFinal() || lease.journal().isEmpty() || item.due().isPresent(),
        "INV-6",
        lease.job().value(),
        "ended with untold decisions, and nothing will tell them");
  }

  private void moved(
      JobTruth job,
      Lease old,
      Lease lease,
      Optional<Invocation> invocation,
      Optional<Caller> caller,
      List<Write> writes) {
    var id = job.id;
    require(
        lease.epoch() >= old.epoch() && lease.epoch() <= old.epoch() + 1,
        "INV-1",
        id,
        "the epoch goes from " + old.epoch() + " to " + lease.epoch());
    if (caller.filter(c -> BY_OWNER.contains(c.verb())).isPresent()) {
      require(
          owns(old, caller.get()),
          "INV-12",
          id,
          caller.get().verb()
              + " of epoch "
              + caller.get().epoch()
              + " was accepted, which does not own epoch "
              + old.epoch());
    }
    if (old.state().isFinal()) {
      resumed(job, old, lease);
    } else if (lease.state().isFinal()) {
      ended(job, old, lease, caller);
    }
    token(job, old, lease, caller);
    launches(job, old, lease, writes);
    if (!lease.pointer().equals(old.pointer())) {
      pointerRules.moved(job, old, lease, caller);
    }
    if (lease.epoch() > old.epoch() && !old.state().isFinal()) {
      closed(job, old, lease, invocation, caller);
    }
    if (caller.filter(c -> c.verb().equals("condemn")).isPresent()) {
      require(
          !lease.pointer().equals(old.pointer()),
          "INV-2",
          id,
          "condemned, and the pointer is still the damaged one");
    }
    grace(job, old, lease);
    if (old.claim().isPresent()
        && lease.claim().isPresent()
        && lease.epoch() == old.epoch()
        && !old.claim().get().by().equals(lease.claim().get().by())) {
      require(
          millis(old.claim().get().until()) <= world.engine.now() + SKEW,
          "INV-8",
          id,
          "a claim was taken over while it stood");
    }
  }

  // ---- ends

  private void resumed(JobTruth job, Lease old, Lease lease) {
    require(
        lease.epoch() == old.epoch() + 1
            && lease.state() == JobState.QUEUED
            && old.state() != JobState.SUCCEEDED,
        "INV-5",
        job.id,
        "it had ended ("
            + old.state()
            + "), and is "
            + lease.state()
            + " in epoch "
            + lease.epoch()
            + " now");
    require(
        world.plane.current.filter(i -> i.function == Function.CONTROL).isPresent(),
        "INV-5",
        job.id,
        "resumed by nobody");
    job.resumedAtEpoch = lease.epoch();
    job.closedEpochs.clear();
  }

  private void ended(JobTruth job, Lease old, Lease lease, Optional<Caller> caller) {
    var id = job.id;
    require(lease.token().isEmpty(), "INV-12", id, "ended, and a token still stands");
    require(lease.bound().isEmpty(), "INV-8", id, "ended, and a launch is still bound");
    require(
        lease.epoch() == old.epoch(), "INV-1", id, "an end moved the epoch to " + lease.epoch());
    job.fencedAt.put(old.epoch(), world.engine.now());
    job.closedEpochs.add(old.epoch());
    if (lease.state() == JobState.SUCCEEDED) {
      succeeded(job, old, lease, caller);
    } else {
      new EndRules(world, checks).justify(job, old, lease, caller);
    }
  }

  private void succeeded(JobTruth job, Lease old, Lease lease, Optional<Caller> caller) {
    var plan = world.users.planOf(job.id);
    var id = job.id;
    require(
        caller.filter(c -> c.verb().equals("exit")).isPresent(),
        "END",
        id,
        "succeeded without its agent saying so");
    require(
        "succeeded".equals(job.reported.get(old.epoch())),
        "END",
        id,
        "succeeded, but the agent of epoch "
            + old.epoch()
            + " reports "
            + job.reported.get(old.epoch()));
    var key = io.vaultlayer.wire.BucketLayout.outputs(id, old.epoch()) + "result.txt";
    var result =
        world
            .objects
            .read(key, Integer.MAX_VALUE)
            .map(b -> new String(b, StandardCharsets.UTF_8))
            .orElse("nothing");
    var twin =
        Training.text(
            plan.steps(),
            Training.advance(Training.begin(plan.index(), world.plan.seed()), 0, plan.steps()));
    require(
        result.equals(twin),
        "TWIN",
        id,
        "its result is " + result + ", uninterrupted it would be " + twin);
    require(
        plan.every() == 0 || lease.pointer().filter(p -> p.step() == plan.steps()).isPresent(),
        "TWIN",
        id,
        "succeeded, but its last checkpoint is not the last step");
  }

  // ---- the owner

  private void token(JobTruth job, Lease old, Lease lease, Optional<Caller> caller) {
    var id = job.id;
    if (lease.token().equals(old.token())) {
      require(
          lease.token().isEmpty() || lease.epoch() == old.epoch(),
          "INV-12",
          id,
          "the token of epoch " + old.epoch() + " stands in epoch " + lease.epoch());
      return;
    }
    old.token().ifPresent(checks::tokenDies);
    if (lease.token().isEmpty()) {
      return;
    }
    var token = lease.token().get();
    require(!checks.everLived(token), "INV-12", id, "a token that had lived before lives again");
    checks.tokenLives(token);
    require(
        old.token().isEmpty() || lease.epoch() == old.epoch() + 1,
        "INV-12",
        id,
        "the token changed within epoch " + old.epoch());
    require(
        caller.filter(c -> c.verb().equals("register") || c.verb().equals("next")).isPresent(),
        "INV-12",
        id,
        "a token came to be without register or next");
    if (caller.filter(c -> c.verb().equals("register")).isPresent()) {
      registered(job, old, lease, caller.get());
    }
    job.boundIndex = checks.index();
    job.sinceRegister.clear();
    job.sinceRegister.add(lease.pointer());
    job.attemptedEpochs.add(lease.epoch());
    require(
        lease.run().resumedFrom().equals(lease.pointer().map(Pointer::step)),
        "INV-4",
        id,
        "resumes from "
            + lease.run().resumedFrom()
            + ", the pointer is "
            + lease.pointer().map(Pointer::step));
  }

  private void registered(JobTruth job, Lease old, Lease lease, Caller caller) {
    var id = job.id;
    require(
        lease.token().filter(caller.token()::matches).isPresent(),
        "INV-12",
        id,
        "bound to another token than the caller's");
    require(
        caller.epoch() == lease.epoch() && lease.epoch() == old.epoch(),
        "INV-1",
        id,
        "a register of epoch " + caller.epoch() + " was taken in epoch " + old.epoch());
    require(
        old.bound().isEmpty(), "INV-8", id, "a second launch was bound to epoch " + old.epoch());
    require(
        old.state() == JobState.PLACING || old.state() == JobState.STARTING,
        "INV-8",
        id,
        "registered while " + old.state());
    var body = Json.parse(caller.body(), AttemptApi.Register.class);
    var launch = old.launch(body.launch()).filter(l -> l.epoch() == caller.epoch());
    require(
        launch
            .filter(l -> l.bootstrapHash().matches(TokenHash.of(body.bootstrapToken())))
            .isPresent(),
        "INV-12",
        id,
        "registered without the launch's bootstrap token");
    require(
        launch.filter(l -> millis(l.expiresAt()) > heardAt() - SKEW).isPresent(),
        "INV-12",
        id,
        "registered after the launch's limit");
  }

  /**
   * When the handler that writes now began. It reads its clock once; where it is slow, its write
   * comes later, and no clock stands in the condition of that.
   */
  private long heardAt() {
    return world.plane.current.map(i -> i.begunAt).orElse(world.engine.now());
  }

  private void launches(JobTruth job, Lease old, Lease lease, List<Write> writes) {
    var id = job.id;
    long current = lease.launches().stream().filter(l -> l.epoch() == lease.epoch()).count();
    require(current <= 1, "INV-8", id, current + " launches are open in epoch " + lease.epoch());
    require(
        lease.launches().size() <= current + 1, "INV-8", id, "more than one successor is declared");
    require(
        old.bound().isEmpty()
            || lease.bound().isEmpty()
            || lease.epoch() > old.epoch()
            || old.bound().equals(lease.bound()),
        "INV-8",
        id,
        "another launch is bound to epoch " + lease.epoch());
    require(
        lease.bound().isPresent() == lease.token().isPresent(),
        "INV-8",
        id,
        "a token without a bound launch, or the other way round");
    for (var launch : lease.launches()) {
      if (checks.launch(launch.label()).intended) {
        continue;
      }
      require(
          launch.epoch() == lease.epoch() && old.state() == JobState.PLACING
              || launch.epoch() == lease.epoch() + 1 && old.state() == JobState.SAVING,
          "INV-8",
          id,
          "launch " + launch.label() + " is intended while " + old.state());
      require(
          launch.epoch() != old.epoch()
              || old.launches().stream().noneMatch(l -> l.epoch() == old.epoch()),
          "INV-8",
          id,
          "launch " + launch.label() + " is intended while another one is open");
      require(
          writes.stream()
              .anyMatch(
                  w -> w.table().equals("instances") && w.key().partition().equals(launch.label())),
          "INV-11",
          id,
          "launch " + launch.label() + " is intended without its instance item");
      require(
          writes.stream().anyMatch(w -> w.key().sort().equals("money")),
          "INV-9",
          id,
          "launch " + launch.label() + " is intended without money");
      if (launch.machineId().filter(job.unhealthy::contains).isPresent()) {
        excluded(job, launch);
      }
      launch.machineId().ifPresent(checks.usedMachines()::add);
      checks.launch(launch.label()).intended = true;
    }
  }

  /**
   * INV-10: a machine that this job found broken, while one that nobody has used yet was offered.
   */
  private void excluded(JobTruth job, io.vaultlayer.core.lease.LaunchRecord launch) {
    var plan = world.users.planOf(job.id);
    boolean choice =
        world.plane.current.stream()
            .flatMap(i -> i.offered.stream())
            .filter(o -> o.provider().equals(launch.provider()))
            .filter(o -> plan.pricing().isEmpty() || plan.pricing().get().equals(o.pricing()))
            .anyMatch(o -> !checks.usedMachines().contains(o.machineId()));
    require(
        !choice,
        "INV-10",
        job.id,
        "is placed on " + launch.machineId().orElse("") + " again, which it found unhealthy");
  }

  // ---- fences

  private void closed(
      JobTruth job,
      Lease old,
      Lease lease,
      Optional<Invocation> invocation,
      Optional<Caller> caller) {
    job.fencedAt.put(old.epoch(), world.engine.now());
    job.closedEpochs.add(old.epoch());
    if ("unhealthy".equals(job.reported.get(old.epoch()))
        && caller.filter(c -> c.verb().equals("exit")).isPresent()) {
      old.currentLaunch().flatMap(l -> l.machineId()).ifPresent(job.unhealthy::add);
    }
    boolean byItself =
        caller
            .filter(c -> c.verb().equals("exit") || c.verb().equals("next"))
            .filter(c -> owns(old, c))
            .isPresent();
    require(
        old.state() == JobState.PLACING || old.state().isWatched(),
        "INV-1",
        job.id,
        "an epoch was closed while " + old.state());
    if (!byItself) {
      new FenceRules(world, checks).fenced(job, old, invocation);
    }
  }

  private void grace(JobTruth job, Lease old, Lease lease) {
    boolean heard = !old.run().equals(lease.run());
    require(
        old.graceEnd().isEmpty()
            || lease.graceEnd().isEmpty()
            || heard
            || old.graceEnd().equals(lease.graceEnd()),
        "GRACE",
        job.id,
        "a grace was restarted for the same silence");
  }

  static long millis(java.time.Instant at) {
    return java.time.Duration.between(Engine.START, at).toMillis();
  }

  private void require(boolean holds, String invariant, String id, String detail) {
    if (!holds) {
      checks.broken(invariant, id + ": " + detail);
    }
  }
}
