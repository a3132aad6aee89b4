package io.vaultlayer.bench.sim;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A provider with a few machines that does all the nasty things that providers do. It knows nothing
 * of labels being unique: a create that is repeated blindly makes a second instance.
 */
public final class Cloud implements Provider {
  /** How long an ended instance may still haunt a list. */
  private static final long GHOSTS = 600_000;

  /** An unanswered create takes effect within this, or its provider breaks its promise. */
  private static final long CALL_LIMIT = 30_000;

  private final World world;
  private final int index;
  private final Facts facts;
  private final List<Offer> machines;
  private final List<Instance> instances = new ArrayList<>();

  Cloud(World world, int index, Facts facts, List<Offer> machines) {
    this.world = world;
    this.index = index;
    this.facts = facts;
    this.machines = List.copyOf(machines);
  }

  /** A spot market: 10 s beats, 40 s leases, cheap. */
  static Cloud spot(World world, int index, String name, int machines) {
    var facts = facts(name, 10, 40, Duration.ofMinutes(10), Duration.ofSeconds(30));
    return new Cloud(world, index, facts, offers(name, "spot", 0.40, machines));
  }

  /** Machines by the hour: 30 s beats, 120 s leases, dear. */
  static Cloud onDemand(World world, int index, String name, int machines) {
    var facts = facts(name, 30, 120, Duration.ofMinutes(10), Duration.ofSeconds(20));
    return new Cloud(world, index, facts, offers(name, "on-demand", 1.10, machines));
  }

  private static Facts facts(
      String name, int beat, int lease, Duration launchLimit, Duration visibility) {
    return new Facts(
        name,
        "validated",
        "a simulated provider",
        beat,
        lease,
        launchLimit,
        visibility,
        Optional.of("the agent ends the host"));
  }

  private static List<Offer> offers(String name, String pricing, double usd, int count) {
    var gpu = GpuClass.find("A100_80").orElseThrow();
    var offers = new ArrayList<Offer>();
    for (int i = 0; i < count; i++) {
      offers.add(
          new Offer(name, "here", gpu, 1, 80, pricing, usd + i * 0.05, name + "-m" + i, true));
    }
    return offers;
  }

  int index() {
    return index;
  }

  List<Instance> instances() {
    return instances;
  }

  private boolean strikes(FaultKind kind) {
    return world.faults.strikes(kind, index, world.clouds.size());
  }

  private Optional<Fault> find(FaultKind kind) {
    return world.faults.find(kind, index, world.clouds.size());
  }

  private boolean busy(String machine) {
    return instances.stream().anyMatch(i -> i.exists() && i.machine.equals(machine));
  }

  @Override
  public Facts facts() {
    return facts;
  }

  private <T> T calling(String call, Supplier<T> effect) {
    return world.called("provider." + call, effect);
  }

  @Override
  public List<Offer> offers(List<GpuClass> classes) {
    return calling(
        "offers",
        () -> {
          if (strikes(FaultKind.LIST_FAILS)) {
            throw new ProviderFailure(facts.name() + " gave no answer", null);
          }
          if (strikes(FaultKind.NO_CAPACITY)) {
            return List.of();
          }
          var free =
              machines.stream()
                  .filter(o -> classes.contains(o.gpu()) && !busy(o.machineId()))
                  .toList();
          world.plane.current.ifPresent(i -> i.offered.addAll(free));
          return free;
        });
  }

  @Override
  public Creation create(Launch launch) {
    return calling(
        "create",
        () -> {
          world.checks.creating(this, launch);
          var refused = find(FaultKind.CREATE_REFUSED);
          if (refused.isPresent()) {
            var kinds = Refusal.values();
            var random = world.faults.stream(refused.get());
            // Most refusals in the world are for want of capacity.
            var why =
                random.nextBoolean() ? Refusal.NO_CAPACITY : kinds[random.nextInt(kinds.length)];
            return new Creation.Refused(why, "not now");
          }
          if (busy(launch.offer().machineId())) {
            return new Creation.Refused(Refusal.NO_CAPACITY, "somebody was faster");
          }
          if (strikes(FaultKind.CREATE_LOST_NOT_MADE)) {
            return new Creation.Ambiguous("timed out");
          }
          var late = find(FaultKind.CREATE_LATE);
          if (late.isPresent()) {
            long after = Chance.between(world.faults.stream(late.get()), 2_000, 150_000);
            long asked = world.engine.now();
            world.engine.after(after, () -> make(launch, asked));
            return new Creation.Ambiguous("timed out");
          }
          boolean answered = !strikes(FaultKind.CREATE_LOST_MADE);
          var made = make(launch, world.engine.now());
          return answered
              ? new Creation.Created(made.id(), made.machine)
              : new Creation.Ambiguous("500");
        });
  }

  private Instance make(Launch launch, long askedAt) {
    long now = world.engine.now();
    long usual = facts.visibility().toMillis() * 8 / 10;
    long visible = now + Chance.between(world.chance("visible"), 0, usual);
    var hidden = find(FaultKind.LATE_VISIBLE);
    if (hidden.isPresent()) {
      visible = now + Chance.between(world.faults.stream(hidden.get()), usual, usual * 8);
    }
    var instance =
        new Instance(
            world.nextInstance(),
            this,
            launch.label(),
            launch.offer().machineId(),
            launch.offer().usdPerHour(),
            now,
            visible);
    instance.promisedAt = now + facts.visibility().toMillis();
    if (now > askedAt + CALL_LIMIT) {
      // It took effect later than any call may: whoever looked for it in vain was misled.
      instance.liedAt = now;
    }
    instances.add(instance);
    world.trace.note("made", launch.label(), facts.name());
    world.checks.made(instance);
    if (!strikes(FaultKind.NEVER_BOOTS)) {
      world.fleet.boot(instance, launch.bootstrap());
    }
    return instance;
  }

  @Override
  public Inventory list(String owner) {
    return calling(
        "list",
        () -> {
          if (strikes(FaultKind.LIST_FAILS)) {
            world.checks.noList(this);
            throw new ProviderFailure(facts.name() + " gave no list", null);
          }
          long now = world.engine.now();
          var asked = world.instant();
          boolean partial = strikes(FaultKind.LIST_PARTIAL);
          var seen = new ArrayList<Seen>();
          for (var instance : instances) {
            if (instance.exists() && instance.visibleAt <= now) {
              boolean hides =
                  partial
                      ? world.chance("partial").nextInt(2) == 0
                      : strikes(FaultKind.LIST_HIDES_LIVING);
              if (!hides) {
                seen.add(show(instance, instance.stopped ? Sighting.STOPPED : Sighting.RUNNING));
              } else if (!partial) {
                instance.liedAt = now;
              }
            } else if (instance.exists()) {
              instance.unseenAt = now;
              // Within the promised window a list owes nothing; after it, it lies.
              if (now > instance.promisedAt) {
                instance.liedAt = now;
              }
            } else if (now - instance.endedAt < GHOSTS && strikes(FaultKind.LIST_SHOWS_GHOSTS)) {
              seen.add(show(instance, Sighting.RUNNING));
              instance.liedAt = now;
            }
          }
          world.checks.listed(this, partial);
          return new Inventory(asked, !partial, seen);
        });
  }

  private static Seen show(Instance instance, Sighting sighting) {
    return new Seen(instance.label, instance.id(), instance.machine, sighting);
  }

  @Override
  public Sighting describe(String label) {
    return calling(
        "describe",
        () -> {
          if (strikes(FaultKind.LIST_FAILS)) {
            return Sighting.UNKNOWN;
          }
          var found = instances.stream().filter(i -> i.label.equals(label)).toList();
          var living = found.stream().filter(Instance::exists).findFirst();
          var lies = find(FaultKind.DESCRIBE_LIES);
          if (lies.isPresent()) {
            found.forEach(i -> i.liedAt = world.engine.now());
            return living.isPresent() ? Sighting.GONE : Sighting.RUNNING;
          }
          return living
              .map(i -> i.stopped ? Sighting.STOPPED : Sighting.RUNNING)
              .orElse(Sighting.GONE);
        });
  }

  @Override
  public void terminate(String label) {
    calling(
        "terminate",
        () -> {
          world.checks.terminating(this, label, Optional.empty());
          ask(instances.stream().filter(i -> i.label.equals(label)).toList());
          return true;
        });
  }

  @Override
  public void terminate(String label, String instanceId) {
    calling(
        "terminate",
        () -> {
          world.checks.terminating(this, label, Optional.of(instanceId));
          ask(
              instances.stream()
                  .filter(i -> i.label.equals(label) && i.id().equals(instanceId))
                  .toList());
          return true;
        });
  }

  private void ask(List<Instance> wanted) {
    if (strikes(FaultKind.TERMINATE_FAILS)) {
      throw new ProviderFailure(facts.name() + " gave no answer to a terminate", null);
    }
    if (strikes(FaultKind.TERMINATE_IGNORED)) {
      return;
    }
    var slow = find(FaultKind.TERMINATE_SLOW);
    for (var instance : wanted) {
      if (instance.exists() && instance.endsAt < 0) {
        var random = slow.map(world.faults::stream).orElse(world.chance("terminate"));
        long takes =
            slow.isPresent()
                ? Chance.between(random, 20_000, 300_000)
                : random.nextBoolean() ? 0 : Chance.between(random, 500, 8_000);
        instance.endsAt = world.engine.now() + takes;
        if (takes == 0) {
          world.fleet.end(instance, "terminated");
        } else {
          world.engine.after(takes, () -> world.fleet.end(instance, "terminated"));
        }
      }
    }
  }

  @Override
  public void kill(String label) {
    calling(
        "kill",
        () -> {
          if (strikes(FaultKind.LIST_FAILS)) {
            throw new ProviderFailure(facts.name() + " gave no answer", null);
          }
          instances.stream()
              .filter(i -> i.label.equals(label) && i.exists())
              .forEach(i -> world.fleet.lose(i, "killed by its user"));
          return true;
        });
  }
}
