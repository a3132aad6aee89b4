package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Trainer;

/** A fault of our own with nobody dead: nobody may be fenced for it. */
final class Outages {
  private static final long OUTAGE_MILLIS = 600_000;

  /** A lease after a breaker has closed, and then some. */
  private static final long AFTER_MILLIS = 300_000;

  private Outages() {}

  /** What is out of order for ten minutes. */
  enum Kind {
    /** No call of an agent arrives; watchdog and provider work. */
    INGRESS("ingress"),
    /** As before, and the provider gives no second opinion either. */
    INGRESS_AND_PROVIDER("ingressAndSilentProvider"),
    /** Nothing of ours runs. */
    PLANE("wholePlane");

    final String field;

    Kind(String field) {
      this.field = field;
    }
  }

  /**
   * @param training attempts that train when all is over, of {@code jobs}
   */
  record Seen(Kind kind, int jobs, long falseFences, long breakerOpenings, int training) {}

  static Seen play(Kind kind, int jobs, long seed) {
    var fleet = new Fleet(seed, Trainer.Tries.ONE, Trainer.Loss.NONE, millis -> {});
    fleet.start(jobs);
    var plane = fleet.plane;
    switch (kind) {
      case INGRESS -> plane.ingressDown(true);
      case INGRESS_AND_PROVIDER -> {
        plane.ingressDown(true);
        fleet.cloud.silent(true);
      }
      case PLANE -> plane.down(true);
    }
    plane.runUntil(plane.engine.now() + OUTAGE_MILLIS);
    plane.ingressDown(false);
    fleet.cloud.silent(false);
    plane.down(false);
    plane.runUntil(plane.engine.now() + AFTER_MILLIS);
    return new Seen(kind, jobs, fleet.falseFences(), fleet.breakerOpenings(), fleet.training());
  }
}
