package io.vaultlayer.bench.sim;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.AttemptApi;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Faults of a moment: what happens to one host, one object or one job at its time. */
final class Mishaps {
  private static final long AGAIN = 90_000;

  private final World world;

  Mishaps(World world) {
    this.world = world;
  }

  void plan() {
    for (var fault : world.plan.faults()) {
      if (fault.kind().span() == FaultKind.Span.MOMENT) {
        world.engine.at(fault.fromMillis(), () -> happen(fault));
      }
    }
  }

  /** Happens now, or later when there is nothing yet that it could happen to. */
  private void happen(Fault fault) {
    if (try1(fault)) {
      world.faults.acted(fault.kind());
    } else if (world.engine.now() + AGAIN < world.plan.quietFromMillis()) {
      world.engine.after(AGAIN, () -> happen(fault));
    }
  }

  private Optional<Host> host(Fault fault, Predicate<Host> fits) {
    var hosts = world.fleet.living().stream().filter(fits).toList();
    return hosts.isEmpty()
        ? Optional.empty()
        : Optional.of(hosts.get(fault.target() % hosts.size()));
  }

  private boolean onHost(
      Fault fault, Predicate<Host> fits, java.util.function.Consumer<Host> what) {
    var host = host(fault, fits);
    host.ifPresent(what);
    return host.isPresent();
  }

  private boolean try1(Fault fault) {
    long lasts = fault.lastsMillis();
    return switch (fault.kind()) {
      case INSTANCE_VANISHES ->
          onHost(fault, h -> true, h -> world.fleet.lose(h.instance, "vanished"));
      case INSTANCE_STOPS -> onHost(fault, h -> true, h -> world.fleet.stop(h.instance));
      case HOST_PAUSED -> onHost(fault, h -> !h.paused(), h -> h.pause(lasts, false));
      case HOST_SUSPENDED -> onHost(fault, h -> !h.paused(), h -> h.pause(lasts, true));
      case HOST_PARTITIONED -> onHost(fault, h -> true, h -> h.partition(lasts));
      case AGENT_RESTARTED ->
          onHost(fault, h -> h.agent.trains() && !h.paused(), h -> h.agent.restarted());
      case PROCESS_KILLED ->
          onHost(fault, h -> h.agent.trains() && !h.paused(), h -> h.agent.processKilled());
      case TRAINING_STALLS ->
          onHost(fault, h -> h.agent.trains() && !h.paused(), h -> h.agent.stall(lasts));
      case HOST_UNHEALTHY ->
          onHost(fault, h -> h.agent.trains() && !h.paused(), h -> h.agent.unhealthy());
      case RECLAIM_NOTICE ->
          onHost(fault, h -> h.agent.trains() && !h.paused(), h -> reclaim(h, lasts));
      case TOKEN_COPIED -> onHost(fault, h -> true, h -> copied(fault, h));
      case MISCHIEF ->
          onHost(fault, h -> h.agent.trainingStarted(), h -> new Mischief(world, h, fault).begin());
      case CHECKPOINT_DAMAGED -> damage(fault);
      case USER_CANCELS ->
          onJob(
              fault,
              id -> often(fault) || !world.checks.ended(id),
              id -> world.users.cancel(id, 0));
      case USER_RESUMES ->
          onJob(fault, id -> often(fault) || world.checks.resumable(id), world.users::resume);
      case USER_KILLS_INSTANCE -> onJob(fault, id -> !world.checks.ended(id), world.users::kill);
      case USER_SUBMITS_AGAIN -> submitAgain(fault);
      default -> throw new IllegalStateException(fault.kind() + " is a window");
    };
  }

  /** One in four such faults asks for what is not possible then. */
  private static boolean often(Fault fault) {
    return (fault.target() >> 8) % 4 == 0;
  }

  private boolean onJob(
      Fault fault, Predicate<String> fits, java.util.function.Consumer<String> what) {
    var id = world.users.pick(fault.target()).filter(fits);
    id.ifPresent(what);
    return id.isPresent();
  }

  private boolean submitAgain(Fault fault) {
    if (world.plan.jobs().isEmpty()) {
      return false;
    }
    world.users.submitAgain(world.plan.jobs().get(fault.target() % world.plan.jobs().size()));
    return true;
  }

  private void reclaim(Host host, long notice) {
    world.trace.note("reclaim notice", host.instance.label, notice + " ms");
    host.agent.noticed(notice);
    world.engine.after(notice, () -> world.fleet.lose(host.instance, "reclaimed"));
  }

  /** Somebody else uses the bootstrap token of this host with a token of his own. */
  private void copied(Fault fault, Host host) {
    world.checks.copied(host.instance.label);
    world.trace.note("token copied", host.instance.label);
    var token = "vla_copied" + Long.toHexString(world.faults.stream(fault).nextLong());
    world.checks.secret(token);
    var body =
        new AttemptApi.Register(
            host.bootstrap.launch(), host.bootstrap.bootstrapToken(), "i-copy", "m-copy", "copy");
    world.plane.call(
        new Plane.Call(
            "POST /v1/attempts/{job}/{epoch}/register",
            Map.of("job", host.bootstrap.job(), "epoch", Integer.toString(host.bootstrap.epoch())),
            Map.of("authorization", "Bearer " + token),
            body,
            "copy of " + host.instance.label,
            Optional.empty()),
        30_000,
        reply -> {});
  }

  /** A file of a committed checkpoint is deleted, cut short or changed. */
  private boolean damage(Fault fault) {
    var id = world.users.pick(fault.target());
    var pointer = id.flatMap(world.checks::pointer);
    if (pointer.isEmpty()) {
      return false;
    }
    var prefix =
        pointer.get().manifestKey().substring(0, pointer.get().manifestKey().lastIndexOf('/') + 1);
    var keys = world.objects.keys().stream().filter(k -> k.startsWith(prefix)).toList();
    if (keys.isEmpty()) {
      return false;
    }
    var random = world.faults.stream(fault);
    var key = keys.get(random.nextInt(keys.size()));
    world.trace.note("damaged", key);
    world.checks.damaged(key);
    switch (random.nextInt(3)) {
      case 0 -> world.objects.delete(List.of(key));
      case 1 -> world.objects.put(key, new byte[] {1});
      default -> {
        var body = world.objects.read(key, Integer.MAX_VALUE).orElseThrow();
        body[body.length / 2]++; // flipped back by a second fault it would be sound again
        world.objects.put(key, body);
      }
    }
    // Damage shows when somebody restores, so often the machine goes with it.
    if ((fault.target() >> 4) % 4 != 0) {
      world.fleet.living().stream()
          .filter(h -> h.agent.job().equals(id.get()))
          .toList()
          .forEach(h -> world.fleet.lose(h.instance, "vanished with the damage"));
    }
    return true;
  }

  static TokenHash hash(String token) {
    return TokenHash.of(token);
  }
}
