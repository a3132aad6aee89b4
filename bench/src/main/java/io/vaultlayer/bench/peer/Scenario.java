package io.vaultlayer.bench.peer;

import io.vaultlayer.bench.sim.Chance;
import java.util.SplittableRandom;

/** A seeded trace of failures; the same for every contender. */
enum Scenario {
  LOST("hosts lost, provider says gone") {
    @Override
    void play(Contender world, Timing t) {
      hosts(t, world::lose, world);
    }
  },
  CUT_OFF("hosts cut off that live on, provider says running") {
    @Override
    void play(Contender world, Timing t) {
      hosts(t, world::cutOff, world);
    }
  },
  SHORT_PATH_OUTAGE("hosts unreachable for 2 minutes, all sound") {
    @Override
    void play(Contender world, Timing t) {
      windows(t, 120_000, world::pathDown, world);
    }
  },
  LONG_PATH_OUTAGE("hosts unreachable for 10 minutes, all sound") {
    @Override
    void play(Contender world, Timing t) {
      windows(t, 600_000, world::pathDown, world);
    }
  },
  OFFLINE("control plane without any network for 10 minutes") {
    @Override
    void play(Contender world, Timing t) {
      windows(t, 600_000, world::offline, world);
    }
  },
  RESTARTS("hosts lost, control plane down 3 minutes now and then") {
    @Override
    void play(Contender world, Timing t) {
      hosts(t, world::lose, world);
      windows(t, 180_000, world::stopped, world);
    }
  },
  TERMINATE_FAILS("hosts cut off, terminates fail for 20 minutes now and then") {
    @Override
    void play(Contender world, Timing t) {
      hosts(t, world::cutOff, world);
      windows(t, 1_200_000, world::terminateFails, world);
    }
  },
  AMBIGUOUS("hosts lost, every third create loses its answer") {
    @Override
    void play(Contender world, Timing t) {
      var random = t.stream("ambiguous");
      hosts(
          t,
          job -> {
            world.ambiguousCreates(random.nextInt(3) == 0 ? 1 : 0);
            world.lose(job);
          },
          world);
    }
  },
  NO_CAPACITY("hosts lost, nothing to rent for 30 minutes now and then") {
    @Override
    void play(Contender world, Timing t) {
      hosts(t, world::lose, world);
      windows(t, 1_800_000, world::noCapacity, world);
    }
  };

  /** How many jobs for how long, and under which seed. */
  record Timing(int jobs, long from, long until, long seed) {
    SplittableRandom stream(String purpose) {
      return Chance.of(seed, purpose, 0);
    }

    double hours() {
      return (until - from) / 3_600_000.0;
    }
  }

  /** A host's mean life in the scenarios in which hosts are lost. */
  private static final double MEAN_LIFE_MILLIS = 2 * 3_600_000.0;

  private static final long BETWEEN_WINDOWS_MILLIS = 5_400_000;

  final String meaning;

  Scenario(String meaning) {
    this.meaning = meaning;
  }

  /** Schedules the trace's events in a world. */
  abstract void play(Contender world, Timing timing);

  private static void hosts(Timing t, java.util.function.IntConsumer happens, Contender world) {
    for (int job = 0; job < t.jobs(); job++) {
      var random = t.stream("job " + job);
      int number = job;
      long at = t.from();
      while (true) {
        at += (long) (-MEAN_LIFE_MILLIS * Math.log(1 - random.nextDouble()));
        if (at >= t.until()) {
          break;
        }
        world.engine().at(at, () -> happens.accept(number));
      }
    }
  }

  private static void windows(
      Timing t, long millis, java.util.function.Consumer<Boolean> is, Contender world) {
    var random = t.stream("windows");
    long at = t.from() + random.nextLong(BETWEEN_WINDOWS_MILLIS / 2);
    while (at + millis < t.until()) {
      long end = at + millis;
      world.engine().at(at, () -> is.accept(true));
      world.engine().at(end, () -> is.accept(false));
      at = end + BETWEEN_WINDOWS_MILLIS / 2 + random.nextLong(BETWEEN_WINDOWS_MILLIS);
    }
  }
}
