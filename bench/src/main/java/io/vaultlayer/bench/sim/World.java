package io.vaultlayer.bench.sim;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.testkit.fake.MemoryStore;
import io.vaultlayer.testkit.fake.SeededEntropy;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * One simulated world: the real handlers, in-memory ports with faults, providers, hosts, agents and
 * users, checked after every event. Built from a plan, run once, on one thread.
 */
public final class World {
  /** After the faults have stopped, everything must have come to rest by then. */
  static final long REST_WITHIN = 6 * 3_600_000L;

  private static final long MOST_EVENTS = 250_000;

  final Plan plan;
  final Mutant mutant;
  final Engine engine = new Engine();
  final Coverage coverage = new Coverage();
  final Trace trace;
  final Faults faults;
  final MemoryStore rows = new MemoryStore();
  final MemoryBucket objects;
  final Store store;
  final Bucket bucket;
  final Bus bus;
  final JobCredentials credentials;
  final List<Cloud> clouds;
  final Entropy entropy;
  final Checks checks;
  final Plane plane;
  final Fleet fleet;
  final Users users;
  private final Map<String, SplittableRandom> chances = new HashMap<>();
  boolean over;
  private int instances;

  public World(Plan plan, Mutant mutant, boolean keepTrace) {
    this.plan = plan;
    this.mutant = mutant;
    this.trace = new Trace(engine, keepTrace);
    this.faults = new Faults(plan, engine, trace, coverage);
    this.objects = new MemoryBucket(engine::instant);
    this.store = new Ports.SimStore(this, rows);
    this.bucket = new Ports.SimBucket(this, objects);
    this.bus = new Ports.SimBus(this);
    this.credentials = new Ports.SimCredentials(this);
    this.clouds = List.of(Cloud.spot(this, 0, "alder", 3), Cloud.onDemand(this, 1, "birch", 3));
    this.entropy = new SeededEntropy(plan.seed());
    this.checks = new Checks(this);
    this.fleet = new Fleet(this);
    this.users = new Users(this);
    this.plane = new Plane(this);
  }

  /**
   * What became of a world.
   *
   * @param violation the first broken rule; the run ends with it
   * @param digest over everything that happened
   */
  public record Result(
      Plan plan,
      Optional<Violation> violation,
      Coverage coverage,
      String digest,
      long events,
      long millis,
      List<String> lines) {}

  public Result run() {
    plane.startSchedules();
    users.start();
    new Mishaps(this).plan();
    every(30_000, checks::look);
    try {
      long end = plan.leastMillis();
      while (checks.violation().isEmpty() && engine.step(end)) {
        quiet();
      }
      long limit = plan.leastMillis() + REST_WITHIN;
      while (checks.violation().isEmpty() && engine.now() < limit && !checks.atRest()) {
        long until = engine.now() + 60_000;
        while (checks.violation().isEmpty() && engine.step(until)) {
          quiet();
        }
      }
      over = true;
      if (checks.violation().isEmpty()) {
        checks.end();
      }
    } finally {
      plane.end();
    }
    return new Result(
        plan,
        checks.violation(),
        coverage,
        trace.end(),
        engine.events(),
        engine.now(),
        trace.lines());
  }

  /** A world has some thousand events; far more of them feed each other. */
  private void quiet() {
    checks.require(
        engine.events() < MOST_EVENTS, "LIVENESS", "events feed each other: " + engine.events());
  }

  void every(long millis, Runnable work) {
    engine.after(
        millis,
        () -> {
          if (!over) {
            work.run();
            every(millis, work);
          }
        });
  }

  /** The control plane's clock as the running invocation sees it. */
  Instant instant() {
    return engine.instant().plusMillis(plane.current.map(i -> i.skewMillis).orElse(0L));
  }

  /** A call of a port: the handler may be held up or die before it, and again after it. */
  <T> T called(String site, Supplier<T> effect) {
    plane.pass(site, "before");
    T result = effect.get();
    plane.pass(site, "after");
    return result;
  }

  /** A stream of chance for one purpose. */
  SplittableRandom chance(String purpose) {
    return chances.computeIfAbsent(purpose, p -> Chance.of(plan.seed(), p, 0));
  }

  int nextInstance() {
    return ++instances;
  }

  BiFunction<Lease, JobEvent, Decision> decider(Invocation.Function function) {
    var decide = mutant.decide(JobMachine::decide, function, this);
    return (lease, event) -> {
      var decision = decide.apply(lease, event);
      switch (decision) {
        case Decision.Accepted a -> {
          coverage.edges().merge(a.edge().name(), 1L, Long::sum);
          trace.note(
              "decided",
              lease.job().value(),
              "e" + lease.epoch() + " " + lease.state() + " " + a.edge());
        }
        case Decision.Ignored i -> {
          coverage.ignored().merge(i.why().code(), 1L, Long::sum);
          trace.note(
              "ignored", lease.job().value(), event.getClass().getSimpleName() + " " + i.why());
        }
        case Decision.Recognised r ->
            trace.note("recognised", lease.job().value(), event.getClass().getSimpleName());
      }
      return decision;
    };
  }

  void logged(Invocation.Function function, String line) {
    checks.logged(function, mutant.log(line, this));
  }

  /** An agent's PUT: create only if absent, as the bucket's policy has it. */
  void upload(String key, byte[] body) {
    objects.putIfAbsent(key, body);
  }

  /** A request did not get in: the gateway or all of us are away. */
  void blocked(Plane.Call call) {
    faults.acted(plane.away() ? FaultKind.PLANE_AWAY : FaultKind.INGRESS_OUT);
    trace.note("blocked", call.who());
  }
}
