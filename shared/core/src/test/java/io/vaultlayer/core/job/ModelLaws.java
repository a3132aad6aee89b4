package io.vaultlayer.core.job;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Recognised;
import io.vaultlayer.core.lease.Lease;
import java.util.Optional;

/** What must hold in every world, and of every write. */
final class ModelLaws {
  private final Machine machine;

  ModelLaws(Machine machine) {
    this.machine = machine;
  }

  /** The law that a write breaks, if it breaks one. */
  Optional<String> brokenBy(ModelWorld world, JobEvent event, Lease next) {
    var lines = Invariants.broken(world.lease, event, next);
    if (!lines.isEmpty()) {
      return Optional.of(lines.getFirst());
    }
    if (!next.pointer().equals(world.lease.pointer()) && next.pointer().isPresent()) {
      var pointer = next.pointer().get();
      if (world.stored(pointer.epoch(), (int) pointer.step()) != ModelWorld.WHOLE) {
        return Optional.of("INV-2 the pointer names a manifest that is not there");
      }
      if ((world.condemned & ModelWorld.bit(pointer)) != 0) {
        return Optional.of("INV-2 a condemned checkpoint came back");
      }
    }
    if (isItsOwnOnly(event) && !machine.decide(next, event).equals(new Recognised(next))) {
      return Optional.of("a write tried again at once is not recognised: " + Walked.name(event));
    }
    if (!next.state().isFinal() && !canMove(next)) {
      return Optional.of("INV-6 nothing that the sweep can do moves this job");
    }
    return brokenIn(world.written(next));
  }

  private static boolean isItsOwnOnly(JobEvent event) {
    return switch (event) {
      case JobEvent.Register _,
          JobEvent.Fence _,
          JobEvent.Exit _,
          JobEvent.NextEpoch _,
          JobEvent.Intend _,
          JobEvent.Launched _,
          JobEvent.Salvage _,
          JobEvent.Fund _,
          JobEvent.PrepareSuccessor _,
          JobEvent.Reclaim _,
          JobEvent.Heartbeat _ ->
          true;
      case JobEvent.Commit _,
          JobEvent.Condemn _,
          JobEvent.Start _,
          JobEvent.Claim _,
          JobEvent.Unplaced _,
          JobEvent.Suspect _,
          JobEvent.Extend _,
          JobEvent.Stall _,
          JobEvent.Cancel _,
          JobEvent.Stop _,
          JobEvent.Resume _,
          JobEvent.Settle _ ->
          false;
    };
  }

  private static boolean canMove(Lease lease) {
    var claim =
        new JobEvent.Claim(
            ModelWorld.LATE.plusSeconds(100_000),
            lease.epoch(),
            "sweep",
            ModelWorld.LATE.plusSeconds(100_060));
    var fence =
        new JobEvent.Fence(
            ModelWorld.LATE.plusSeconds(100_000),
            lease.epoch(),
            lease.sequence(),
            "sweep",
            FenceCause.SILENCE,
            Outcome.LOST,
            "silent",
            true);
    return JobMachine.decide(lease, claim) instanceof Accepted
        || JobMachine.decide(lease, fence) instanceof Accepted;
  }

  /** The law that a world breaks, if it breaks one. */
  Optional<String> brokenIn(ModelWorld world) {
    int acting = 0;
    for (int h = 0; h < world.hosts.length; h++) {
      int host = world.hosts[h];
      if (!ModelHost.isActing(host) || ModelHost.epoch(host) != world.lease.epoch()) {
        continue;
      }
      acting++;
      var owner =
          world
              .lease
              .token()
              .filter(ModelWorld.token(h, ModelHost.epoch(host))::equals)
              .isPresent();
      if (!owner || !ModelHost.runs(host)) {
        continue;
      }
      if (ModelHost.from(host) != world.lease.run().resumedFrom().orElse(0L)) {
        return Optional.of("INV-4 an attempt did not start from the pointer it was given");
      }
      var label =
          ModelWorld.launch(ModelHost.launchEpoch(host), ModelHost.launchNumber(host)).label();
      if (world.lease.launches().stream().noneMatch(l -> l.label().equals(label))) {
        return Optional.of("INV-7 the reaper would take the owner's instance");
      }
    }
    return acting > 1 ? Optional.of("INV-8 two instances act under one epoch") : Optional.empty();
  }
}
