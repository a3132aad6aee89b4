package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Cloud;
import io.vaultlayer.bench.plane.Plane;
import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.report.Figures;
import io.vaultlayer.bench.sim.Chance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;

/** Live jobs on one cloud, their deaths, and when each was fenced. */
final class Fleet {
  /** Jobs are submitted over this time, so that their beats come at random phases. */
  private static final long SUBMIT_MILLIS = 60_000;

  private static final long VISIBLE_MILLIS = 70_000;

  private static final long WARM_MILLIS = 180_000;

  final Plane plane;
  final Cloud cloud;
  private final SplittableRandom random;
  private final long seed;
  private final Trainer.Tries tries;
  private final Trainer.Loss loss;
  private final List<String> jobs = new ArrayList<>();
  private final Map<String, Trainer> trainers = new HashMap<>();
  private final Map<String, Long> deaths = new HashMap<>();
  private final LongConsumer fencedAfter;
  private final Set<String> noticed = new HashSet<>();
  private final Map<String, LongConsumer> successors = new HashMap<>();
  private long notices;
  private long tooLate;
  private long falseFences;
  private long breakerOpenings;

  /**
   * @param fencedAfter gets, for each true death, the milliseconds until its fence was committed
   */
  Fleet(long seed, Trainer.Tries tries, Trainer.Loss loss, LongConsumer fencedAfter) {
    this.seed = seed;
    this.tries = tries;
    this.loss = loss;
    this.fencedAfter = fencedAfter;
    this.random = Chance.of(seed, "fleet", 0);
    this.plane = new Plane(seed, this::line);
    this.cloud = new Cloud(plane, "cloud", seed, this::booted);
    plane.add(cloud);
    plane.listen(this::announced);
  }

  /** Submits so many jobs and lets them come to training. */
  void start(int count) {
    for (int i = 0; i < count; i++) {
      plane.engine.after(random.nextLong(SUBMIT_MILLIS), () -> jobs.add(plane.submit(Map.of())));
    }
    plane.runUntil(WARM_MILLIS);
    long training = trainers.values().stream().filter(Trainer::trains).count();
    if (training != count) {
      throw new IllegalStateException(training + " of " + count + " jobs train after warming up");
    }
  }

  /** From now on hosts die one after another, until that time or that many. */
  void dieUntil(long until, int most, DeathClass how) {
    long next = plane.engine.now() + gap(how.rate * jobs.size());
    if (next < until && most > 0) {
      plane.engine.at(
          next,
          () -> {
            die(how);
            dieUntil(until, most - 1, how);
          });
    }
  }

  /** Milliseconds to the next of events that come so often a second, at random. */
  private long gap(double perSecond) {
    return (long) (-1000 * Math.log(1 - random.nextDouble()) / perSecond);
  }

  private static String key(String job, int epoch) {
    return job + "/" + epoch;
  }

  private void die(DeathClass how) {
    for (int tries = 0; tries < 200; tries++) {
      var trainer = trainers.get(jobs.get(random.nextInt(jobs.size())));
      if (isSettled(trainer)) {
        deaths.put(key(trainer.job(), trainer.epoch()), plane.engine.now());
        if (how == DeathClass.SAYS_RUNNING) {
          trainer.host.die(plane.engine.now());
        } else {
          cloud.vanish(trainer.host);
        }
        return;
      }
    }
    throw new IllegalStateException("nobody left to die: the fleet is too small for its rate");
  }

  /**
   * It trains, has beaten, and is older than the provider's visibility window: before that its
   * absence from a list proves nothing, by design.
   */
  private boolean isSettled(Trainer trainer) {
    return trainer.trains()
        && trainer.beats() >= 2
        && !noticed.contains(key(trainer.job(), trainer.epoch()))
        && plane.engine.now() - trainer.host.bornAt > VISIBLE_MILLIS;
  }

  /** From now on hosts are reclaimed after a notice, so many per second and live job. */
  void reclaimUntil(long until, int most, double rate, int noticeSeconds, Figures asked) {
    long next = plane.engine.now() + gap(rate * jobs.size());
    if (next < until && most > 0) {
      plane.engine.at(
          next,
          () -> {
            reclaim(noticeSeconds, asked);
            reclaimUntil(until, most - 1, rate, noticeSeconds, asked);
          });
    }
  }

  private void reclaim(int noticeSeconds, Figures asked) {
    var trainer = trainers.get(jobs.get(random.nextInt(jobs.size())));
    if (!isSettled(trainer)) {
      return;
    }
    var key = key(trainer.job(), trainer.epoch());
    long noticedAt = plane.engine.now();
    noticed.add(key);
    notices++;
    successors.put(key(trainer.job(), trainer.epoch() + 1), at -> asked.add(at - noticedAt));
    deaths.put(key, noticedAt);
    trainer.reclaim(noticeSeconds);
    plane.engine.after(
        noticeSeconds * 1000L,
        () -> {
          cloud.vanish(trainer.host);
          if (successors.remove(key(trainer.job(), trainer.epoch() + 1)) != null) {
            tooLate++;
          }
        });
  }

  private void booted(Cloud.Host host) {
    var trainer = new Trainer(plane, host, seed, new Trainer.Settings(5000, 0, tries, loss));
    trainers.put(trainer.job(), trainer);
    var awaited = successors.remove(key(trainer.job(), trainer.epoch()));
    if (awaited != null) {
      awaited.accept(plane.engine.now());
    }
    trainer.boot();
  }

  private void announced(Plane.Announced event) {
    if (event.type().equals("AttemptFenced")) {
      var died = deaths.remove(key(event.job(), event.epoch() - 1));
      if (died == null) {
        falseFences++;
      } else {
        fencedAfter.accept(plane.engine.now() - died);
      }
    }
  }

  private void line(String line) {
    if (line.contains("\"note\":\"breaker\"") && line.contains(" to OPEN")) {
      breakerOpenings++;
    }
  }

  // ---- what happened

  Trainer trainer(int index) {
    return trainers.get(jobs.get(index));
  }

  int training() {
    return (int) trainers.values().stream().filter(Trainer::trains).count();
  }

  int unfencedDeaths() {
    return deaths.size();
  }

  long falseFences() {
    return falseFences;
  }

  long notices() {
    return notices;
  }

  /** Notices after which the host was gone before a replacement was asked for. */
  long tooLate() {
    return tooLate;
  }

  /** Times that a breaker opened. */
  long breakerOpenings() {
    return breakerOpenings;
  }
}
