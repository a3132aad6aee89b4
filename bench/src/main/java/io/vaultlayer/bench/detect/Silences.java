package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.sim.Chance;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Living hosts whose beats are lost by chance. Two lost tries are 30 s of silence and cannot
 * outlast a lease of 40 s, so only runs of at least three are played: how often they come follows
 * from the share of lost beats, what comes of them is what the real handlers make of it. {@link
 * #plain} plays every beat instead, for as long as one has patience.
 */
final class Silences {
  /** The share of beats that are lost. */
  static final double LOST = 0.01;

  /** Two runs of one host so close together would be one longer run. */
  private static final long APART_MILLIS = 200_000;

  private static final int SHORTEST_RUN = 3;
  private static final double BEATS_PER_MONTH = 30 * 86_400 / 10.0;

  /** Runs per second and live job; as {@link DeathClass}. */
  private static final double RATE = 0.002;

  /** 95 % one-sided. */
  private static final double Z = 1.645;

  private Silences() {}

  /**
   * What became of runs of lost beats.
   *
   * @param runsPerMonth how often such a run begins, per instance-month
   */
  record Seen(long runs, long fences, double runsPerMonth) {
    double perMonth() {
      return runs == 0 ? 0 : runsPerMonth * fences / runs;
    }

    /** Upper end of the one-sided 95 % interval (Wilson). */
    double perMonthAtMost() {
      double n = Math.max(1, runs);
      double p = fences / n;
      double centre = p + Z * Z / (2 * n);
      double spread = Z * Math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
      return runsPerMonth * Math.min(1, (centre + spread) / (1 + Z * Z / n));
    }

    double instanceMonths() {
      return runs / runsPerMonth;
    }
  }

  /** A run of at least {@value #SHORTEST_RUN} intervals begins where the beat before arrived. */
  static double runsPerMonth(int triesPerInterval) {
    return BEATS_PER_MONTH * (1 - LOST) * Math.pow(LOST, (double) SHORTEST_RUN * triesPerInterval);
  }

  /** Plays so many runs; {@code silent}: the provider gives no second opinion. */
  static Seen runs(Trainer.Tries tries, boolean silent, int jobs, int runs, long seed) {
    var script = new Script(seed, tries);
    var fleet = new Fleet(seed, tries, script::lost, millis -> {});
    script.fleet = fleet;
    fleet.start(jobs);
    fleet.cloud.silent(silent);
    long length = (long) (1000 * runs / (RATE * jobs));
    script.playUntil(fleet.plane.engine.now() + length, jobs);
    fleet.plane.runUntil(fleet.plane.engine.now() + length + 120_000);
    // Of three refused tries an interval all must be lost; of three that are waited for, one each.
    int triesPerInterval = tries == Trainer.Tries.THREE_REFUSED ? 3 : 1;
    return new Seen(script.runs, fleet.falseFences(), runsPerMonth(triesPerInterval));
  }

  /** Plays every beat of so many instance-months, each lost by itself; false fences seen. */
  static long plain(boolean silent, int jobs, double instanceMonths, long seed) {
    var chance = Chance.of(seed, "loss", 0);
    var fleet = new Fleet(seed, Trainer.Tries.ONE, t -> chance.nextDouble() < LOST, millis -> {});
    fleet.start(jobs);
    fleet.cloud.silent(silent);
    long millis = (long) (instanceMonths * 30 * 86_400_000.0 / jobs);
    fleet.plane.runUntil(fleet.plane.engine.now() + millis);
    return fleet.falseFences();
  }

  /** Which tries are lost: runs begin at random hosts at random times. */
  private static final class Script {
    private final SplittableRandom random;
    private final Trainer.Tries tries;
    private final Map<Trainer, Integer> left = new HashMap<>();
    private final Map<Trainer, Long> lastRun = new HashMap<>();
    private Fleet fleet;
    private long runs;

    Script(long seed, Trainer.Tries tries) {
      this.random = Chance.of(seed, "silences", 0);
      this.tries = tries;
    }

    boolean lost(Trainer trainer) {
      int tries = left.getOrDefault(trainer, 0);
      if (tries > 1) {
        left.put(trainer, tries - 1);
      } else {
        left.remove(trainer);
      }
      return tries > 0;
    }

    void playUntil(long until, int jobs) {
      var engine = fleet.plane.engine;
      long next = engine.now() + (long) (-1000 * Math.log(1 - random.nextDouble()) / (RATE * jobs));
      if (next < until) {
        engine.at(
            next,
            () -> {
              begin(fleet.trainer(random.nextInt(jobs)));
              playUntil(until, jobs);
            });
      }
    }

    private void begin(Trainer trainer) {
      long now = fleet.plane.engine.now();
      if (!trainer.trains() || now - lastRun.getOrDefault(trainer, -APART_MILLIS) < APART_MILLIS) {
        return;
      }
      lastRun.put(trainer, now);
      int intervals = SHORTEST_RUN;
      while (random.nextDouble() < LOST) {
        intervals++;
      }
      runs++;
      left.put(trainer, tries == Trainer.Tries.THREE_REFUSED ? 3 * intervals : intervals);
    }
  }
}
