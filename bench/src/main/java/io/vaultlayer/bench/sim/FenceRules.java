package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Checks.JobTruth;
import io.vaultlayer.bench.sim.Invocation.Function;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
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

  private static final List<FaultKind> SILENCERS =
      List.of(
          FaultKind.HTTP_REQUEST_LOST,
          FaultKind.HTTP_ANSWER_LOST,
          FaultKind.HTTP_DELAYED,
          FaultKind.HTTP_REORDERED,
          FaultKind.HTTP_DUPLICATED,
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
    long silence = now - job.heardAt;
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
    var host = world.fleet.host(instance.number);
    boolean excused =
        host == null
            || host.agent.over()
            || host.paused()
            || host.troubledUntil >= job.heardAt - 1_000
            || world.plane.lastDeath >= job.heardAt - 60_000
            || SILENCERS.stream().anyMatch(k -> world.faults.openSince(k, job.heardAt - 60_000));
    require(excused, about + " although it was sound, in reach and beating");
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

  private void require(boolean holds, String detail) {
    if (!holds) {
      checks.broken("FALSE-FENCE", detail);
    }
  }
}
