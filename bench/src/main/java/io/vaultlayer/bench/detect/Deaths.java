package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.report.Figures;

/** Worlds in which hosts die in one way. */
final class Deaths {
  /** A silent provider answers for so long between two silences, and the reaper catches up. */
  private static final long ANSWERS_MILLIS = 90_000;

  private static final long SILENT_MILLIS = 600_000;

  /** More than a fence takes; nobody dies so shortly before the provider answers again. */
  private static final long SETTLE_MILLIS = 75_000;

  /** A world that needs longer than this many times its expected length is broken. */
  private static final int PATIENCE = 4;

  private Deaths() {}

  /**
   * What a world saw besides its durations.
   *
   * @param unfenced deaths that were still not fenced when the world ended
   */
  record Seen(int unfenced, long falseFences, long breakerOpenings, double virtualHours) {
    static final Seen NOTHING = new Seen(0, 0, 0, 0);

    Seen plus(Seen o) {
      return new Seen(
          unfenced + o.unfenced,
          falseFences + o.falseFences,
          breakerOpenings + o.breakerOpenings,
          virtualHours + o.virtualHours);
    }
  }

  /** Plays one world of so many jobs until so many have died, and been fenced. */
  static Seen play(DeathClass how, int jobs, int deaths, long seed, Figures figures) {
    var own = new Figures();
    var fleet =
        new Fleet(
            seed,
            Trainer.Tries.ONE,
            Trainer.Loss.NONE,
            millis -> {
              own.add(millis);
              figures.add(millis);
            });
    fleet.start(jobs);
    var engine = fleet.plane.engine;
    long expected = (long) (1000 * deaths / (how.rate * jobs)) + 600_000;
    long limit = engine.now() + PATIENCE * expected;
    while (own.count() < deaths && engine.now() < limit) {
      boolean silent = how == DeathClass.SILENT;
      fleet.cloud.silent(silent);
      long end = engine.now() + SILENT_MILLIS;
      fleet.dieUntil(end - SETTLE_MILLIS, deaths - own.count(), how);
      fleet.plane.runUntil(end);
      fleet.cloud.silent(false);
      fleet.plane.runUntil(end + (silent ? ANSWERS_MILLIS : 0));
    }
    fleet.plane.runUntil(engine.now() + SETTLE_MILLIS);
    return seen(fleet);
  }

  static Seen seen(Fleet fleet) {
    return new Seen(
        fleet.unfencedDeaths(),
        fleet.falseFences(),
        fleet.breakerOpenings(),
        fleet.plane.engine.now() / 3_600_000.0);
  }
}
