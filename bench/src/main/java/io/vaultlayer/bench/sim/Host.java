package io.vaultlayer.bench.sim;

import io.vaultlayer.wire.AttemptApi;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A rented machine: it may be paused and woken, cut off from us, have its clock suspended, and be
 * gone at any moment.
 */
final class Host {
  final World world;
  final Instance instance;
  final SplittableRandom random;
  final SimAgent agent;
  final AttemptApi.Bootstrap bootstrap;
  private final List<Runnable> deferred = new ArrayList<>();
  private long pausedUntil = -1;
  private long cutUntil = -1;

  /** A stretch of time in which nothing was heard of it by its own doing. */
  record Trouble(long from, long to) {}

  private final List<Trouble> troubles = new ArrayList<>();

  /** How much of virtual time its monotonic clock has not seen. */
  private long unseen;

  private boolean suspending;
  private long pausedSince;

  Host(World world, Instance instance, AttemptApi.Bootstrap bootstrap) {
    this.world = world;
    this.instance = instance;
    this.bootstrap = bootstrap;
    this.random = Chance.of(world.plan.seed(), "host", instance.number);
    this.agent = new SimAgent(this, bootstrap);
  }

  /** Its monotonic clock, ms. */
  long monotonic() {
    long now = world.engine.now();
    return (suspending ? pausedSince : now) - unseen;
  }

  boolean paused() {
    return pausedUntil > world.engine.now();
  }

  boolean cut() {
    return !instance.runs() || cutUntil > world.engine.now();
  }

  /** Runs on this host after so much time, if the host still runs; later if it is paused then. */
  void after(long millis, Runnable work) {
    world.engine.after(millis, () -> run(work));
  }

  private void run(Runnable work) {
    if (!instance.runs()) {
      return;
    }
    if (paused()) {
      deferred.add(work);
    } else {
      work.run();
    }
  }

  /**
   * Nothing on it moves for a while; with {@code suspends} its monotonic clock stands still too.
   */
  void pause(long millis, boolean suspends) {
    if (paused() || !instance.runs()) {
      return;
    }
    long now = world.engine.now();
    pausedUntil = now + millis;
    troubled(pausedUntil);
    pausedSince = now;
    agent.frozenByHost();
    suspending = suspends;
    world.trace.note(suspends ? "suspended" : "paused", instance.label, millis + " ms");
    world.engine.after(millis, this::wake);
  }

  private void wake() {
    if (!instance.runs()) {
      return;
    }
    if (suspending) {
      unseen += world.engine.now() - pausedSince;
      suspending = false;
    }
    pausedUntil = -1;
    world.trace.note("woke", instance.label);
    agent.woke(world.engine.now() - pausedSince);
    var works = List.copyOf(deferred);
    deferred.clear();
    works.forEach(this::run);
  }

  void partition(long millis) {
    cutUntil = Math.max(cutUntil, world.engine.now() + millis);
    troubled(cutUntil);
    world.trace.note("cut off", instance.label, millis + " ms");
  }

  /** From now until then its agent is not heard. */
  void troubled(long until) {
    troubles.add(new Trouble(world.engine.now(), until));
  }

  List<Trouble> troubles() {
    return troubles;
  }

  void down() {
    agent.hostDown();
    deferred.clear();
  }
}
