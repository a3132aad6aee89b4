package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Checks.JobTruth;
import io.vaultlayer.bench.sim.Invocation.Function;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Whether a fence had a cause, looked at from outside: an attempt that is sound, in reach and heard
 * must not be ended.
 */
final class FenceRules {
  /** A script that makes no step for less than ten minutes is not stalled. */
  private static final long STALL = 600_000 - LeaseRules.SKEW;

  /** How long after a provider's lie a fence may rest on it. */
  private static final long LIE = 300_000;

  /** A watchdog that was away longer must have noticed: a minute, two ticks and the slack. */
  private static final long NOTICED = 90_000;

  /** The longest that a handler is held up. */
  private static final long HELD_UP = 20_000;

  /** From the sending of a beat to the write, where nothing is wrong. */
  private static final long ANSWERED = 2_500;

  /** How long a call that a fault has hit may stay under way after the fault's end. */
  private static final long UNDER_WAY = 10_000;

  private static final List<FaultKind> SILENCERS =
      List.of(
          FaultKind.HTTP_REQUEST_LOST,
          FaultKind.HTTP_ANSWER_LOST,
          FaultKind.HTTP_DELAYED,
          FaultKind.HTTP_REORDERED,
          FaultKind.INGRESS_OUT,
          FaultKind.PLANE_AWAY,
          FaultKind.STORE_UNAVAILABLE,
          FaultKind.STORE_THROTTLED,
          FaultKind.STORE_ANSWER_LOST,
          FaultKind.HANDLER_CRASHES,
          FaultKind.HANDLERS_SLOW,
          FaultKind.MISCHIEF);

  private static final List<FaultKind> OPINIONS =
      List.of(
          FaultKind.LIST_FAILS,
          FaultKind.LIST_PARTIAL,
          FaultKind.LIST_HIDES_LIVING,
          FaultKind.DESCRIBE_LIES,
          FaultKind.LATE_VISIBLE,
          FaultKind.CREATE_LATE);

  private final World world;
  private final Checks checks;

  FenceRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
  }

  /** The lease before a fence that did not come from its own agent. */
  void fenced(JobTruth job, Lease old, Optional<Invocation> invocation) {
    var launch = old.currentLaunch();
    if (launch.isEmpty()) {
      return;
    }
    long now = world.engine.now();
    invocation
        .filter(i -> i.function == Function.WATCHDOG && i.scannedAt >= 0)
        .ifPresent(i ->
            require(
                job.heardIndex <= i.scannedAt,
                job.id + ": fenced although it was heard after the look"));
    var instances = checks.instances(launch.get().label());
    if (old.drainEnd().filter(d -> LeaseRules.millis(d) <= now + LeaseRules.SKEW).isPresent()
        || checks.launch(launch.get().label()).copied
        || instances.size() > 1
        || instances.stream().noneMatch(Instance::runs)) {
      return;
    }
    var instance = instances.getFirst();
    var host = world.fleet.host(instance.number);
    if (old.run().stalledAt().isPresent() && host != null && host.agent.stalledFor(STALL)) {
      return;
    }
    long misled = Math.max(instance.liedAt, instance.unseenAt);
    if (misled >= 0 && misled > now - LIE) {
      heardSinceTheList(job, launch.get(), invocation);
      return;
    }
    if (old.bound().isEmpty()) {
      require(
          LeaseRules.millis(launch.get().expiresAt()) <= now + LeaseRules.SKEW,
          job.id + ": a launch was given up before its limit");
      return;
    }
    silent(job, launch.get(), instance, now, invocation);
  }

  /** A list that was asked for before the last beat proves nothing. */
  private void heardSinceTheList(
      JobTruth job, LaunchRecord launch, Optional<Invocation> invocation) {
    var listed = invocation.map(i -> i.listedAt.get(launch.provider()));
    if (invocation.filter(i -> i.function == Function.WATCHDOG).isPresent() && listed.isPresent()) {
      require(
          job.heardIndex <= listed.get(),
          job.id + ": fenced by a list that is older than its last beat");
    }
  }

  private void silent(
      JobTruth job,
      LaunchRecord launch,
      Instance instance,
      long now,
      Optional<Invocation> invocation) {
    long lease = launch.leaseSeconds() * 1000L;
    // The time of a beat is when it came in; a slow handler writes it later.
    boolean slow = world.faults.openSince(FaultKind.HANDLERS_SLOW, job.heardAt - HELD_UP);
    long silence = now - job.heardAt + (slow ? HELD_UP : 0);
    var about = job.id + ": fenced after " + silence + " ms of silence";
    require(silence >= lease - LeaseRules.SKEW, about + ", its lease is " + lease);
    long deadline = job.heardAt + lease;
    // A handler that was held up may have waited in vain for the list.
    boolean held = invocation.filter(i -> i.suspendedMillis > 2_000).isPresent();
    boolean opinion =
        !held && OPINIONS.stream().noneMatch(k -> world.faults.openSince(k, deadline - 30_000));
    require(
        !opinion || silence >= lease * 3 / 2 - LeaseRules.SKEW,
        about + " without its grace, although the provider says running");
    inReach(launch, job, world.fleet.host(instance.number), about);
    for (var fault : world.plan.faults()) {
      if (fault.kind() == FaultKind.PLANE_AWAY
          && fault.lastsMillis() > NOTICED
          && fault.toMillis() <= now
          && fault.fromMillis() < now) {
        require(
            now >= fault.toMillis() + lease - LeaseRules.SKEW,
            about
                + ", but the watchdog itself was away until "
                + (now - fault.toMillis())
                + " ms ago");
      }
    }
  }

  /**
   * In no stretch that is long enough for a beat was the attempt sound and we in reach: whatever
   * kept its beats away lasted, but for less than a beat's time at either end, the whole silence.
   */
  private void inReach(LaunchRecord launch, JobTruth job, Host host, String about) {
    if (host == null || host.agent.over() || !host.agent.attempted()) {
      return;
    }
    long beat = launch.beatSeconds() * 1000L;
    long patience = Math.clamp(launch.leaseSeconds() * 250L, 1_500, 10_000);
    long enough = Math.max(beat, patience + beat / 3) + ANSWERED;
    long now = world.engine.now();
    long free = job.heardAt;
    for (var trouble : troubles(host)) {
      if (trouble.from() - free > enough) {
        break;
      }
      free = Math.max(free, trouble.to());
    }
    require(
        now - free <= enough,
        about + " although it was sound and in reach from " + Trace.clock(free) + " on");
  }

  private List<Host.Trouble> troubles(Host host) {
    var troubles = new ArrayList<>(host.troubles());
    for (var fault : world.plan.faults()) {
      if (fault.kind() == FaultKind.MISCHIEF) {
        // It beats with the agent's token, and may begin later than drawn.
        troubles.add(new Host.Trouble(fault.fromMillis(), Long.MAX_VALUE));
      } else if (SILENCERS.contains(fault.kind())) {
        // What is held up or on its way when the fault ends is lost with it.
        troubles.add(new Host.Trouble(fault.fromMillis(), fault.toMillis() + UNDER_WAY));
      }
    }
    world.plane.deaths().forEach(at -> troubles.add(new Host.Trouble(at - 1, at + UNDER_WAY)));
    troubles.sort(Comparator.comparingLong(Host.Trouble::from));
    return troubles;
  }

  private void require(boolean holds, String detail) {
    if (!holds) {
      checks.broken("FALSE-FENCE", detail);
    }
  }
}
