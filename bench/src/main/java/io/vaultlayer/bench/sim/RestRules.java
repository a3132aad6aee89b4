package io.vaultlayer.bench.sim;

import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.reap.InstanceRow.State;
import java.util.List;

/**
 * Rules about time: nothing is left over, nobody trains on after a fence, everything comes to rest.
 */
final class RestRules {
  /**
   * An instance that nobody owns is gone within this, counted while its provider answers and we are
   * up: the reaper's five minutes, its longest pause twice, and a terminate that takes its time.
   */
  private static final long REAPERS_BOUND = 25 * 60_000;

  private static final List<FaultKind> HINDER =
      List.of(
          FaultKind.LIST_FAILS,
          FaultKind.LIST_PARTIAL,
          FaultKind.LIST_HIDES_LIVING,
          FaultKind.LATE_VISIBLE,
          FaultKind.TERMINATE_FAILS,
          FaultKind.TERMINATE_IGNORED,
          FaultKind.TERMINATE_SLOW,
          FaultKind.PLANE_AWAY,
          FaultKind.TICKS_STOP,
          FaultKind.MESSAGE_LOST,
          FaultKind.MESSAGE_DELAYED,
          FaultKind.SEND_FAILS,
          FaultKind.STORE_UNAVAILABLE,
          FaultKind.STORE_THROTTLED,
          FaultKind.STORE_ANSWER_LOST,
          FaultKind.HANDLERS_SLOW,
          FaultKind.HANDLER_CRASHES);

  private final World world;
  private final Checks checks;
  private long looked;

  RestRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
  }

  void look() {
    long passed = world.engine.now() - looked;
    looked = world.engine.now();
    boolean hindered = HINDER.stream().anyMatch(k -> world.faults.open(k, -1, 1));
    for (var cloud : world.clouds) {
      for (var instance : cloud.instances()) {
        ownerless(instance, passed, hindered);
      }
    }
    for (var host : world.fleet.hosts()) {
      twice(host);
    }
  }

  private void ownerless(Instance instance, long passed, boolean hindered) {
    var truth = checks.launch(instance.label);
    if (!instance.exists() || checks.owned(instance.label)) {
      truth.ownerlessMillis = 0;
    } else if (!hindered) {
      truth.ownerlessMillis += passed;
    }
    checks.require(
        truth.ownerlessMillis <= REAPERS_BOUND,
        "INV-7",
        instance.label + " has lived without an owner for " + truth.ownerlessMillis / 1000 + " s");
  }

  /** A fenced agent that hears nothing parks within its lease; one that hears stops at once. */
  private void twice(Host host) {
    if (!host.instance.runs() || !host.agent.trains()) {
      return;
    }
    var fenced = checks.job(host.agent.job()).fencedAt.get(host.agent.epoch());
    checks.require(
        fenced == null || world.engine.now() - fenced <= host.agent.parkMillis() + 5_000,
        "DUPLICATE",
        host.instance.label
            + " trains on although epoch "
            + host.agent.epoch()
            + " was fenced "
            + (fenced == null ? 0 : world.engine.now() - fenced)
            + " ms ago");
  }

  /** Nothing lives, nothing is reserved, nothing is due. */
  boolean atRest() {
    return restless().isEmpty();
  }

  private String restless() {
    for (var id : world.users.plans().keySet()) {
      var lease = checks.job(id).lease;
      if (lease.isPresent() && lease.get().armed() && !lease.get().state().isFinal()) {
        return id + " is " + lease.get().state() + " in epoch " + lease.get().epoch();
      }
    }
    for (var cloud : world.clouds) {
      for (var instance : cloud.instances()) {
        if (instance.exists()) {
          return instance.label + " exists";
        }
      }
    }
    for (var item : world.rows.all("instances")) {
      if (Checks.row(item).state() != State.GONE) {
        return item.key().partition() + " is " + Checks.row(item).state();
      }
    }
    for (var item : world.rows.all("leases")) {
      if (owes(item)) {
        return item.key().partition() + " is due";
      }
    }
    for (var item : world.rows.all("jobs")) {
      if (item.key().sort().equals("money")
          && item.attributes().get("reserved") instanceof java.util.Map<?, ?> reserved
          && !reserved.isEmpty()) {
        return "money is reserved for " + reserved.keySet();
      }
    }
    return "";
  }

  /** What a job went through can be read from its rows when it has come to rest. */
  private void told(Checks.JobTruth job) {
    if (job.lease.filter(l -> l.state().isFinal()).isEmpty()) {
      return;
    }
    for (var epochAndStep : job.committedRows) {
      var key = new io.vaultlayer.core.port.Key(job.id, "c#" + epochAndStep);
      checks.require(
          world.rows.get("jobs", key).isPresent(),
          "PROJECTION",
          job.id + ": the commit " + epochAndStep + " is not told");
    }
  }

  private static boolean owes(Item item) {
    return item.due().isPresent() && Checks.lease(item).armed();
  }

  void end() {
    var left = restless();
    checks.require(left.isEmpty(), "LIVENESS", "the faults have stopped long ago, and " + left);
    checks.jobs().values().forEach(this::told);
    for (var entry : world.users.plans().entrySet()) {
      var job = checks.job(entry.getKey());
      if (job.lease.isEmpty() || !job.lease.get().armed()) {
        continue;
      }
      var lease = job.lease.get();
      var plan = entry.getValue();
      boolean excused =
          lease.state() == JobState.SUCCEEDED
              || !plan.shouldSucceed()
              || lease.state() == JobState.CANCELLED
              || lease.reason().filter(r -> r.equals("no_progress")).isPresent()
              || lease.reason().filter(r -> r.equals("never_started")).isPresent();
      checks.require(
          excused,
          "LIVENESS",
          entry.getKey()
              + " ended as "
              + lease.state()
              + " "
              + lease.reason().orElse("")
              + ", and it could have succeeded");
    }
  }
}
