package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.report.Figures;

/** Worlds in which hosts are reclaimed after a notice: is a replacement asked for in time? */
final class Notices {
  /** Reclaims per second and live job. */
  private static final double RATE = 0.002;

  private static final long SETTLE_MILLIS = 300_000;

  private Notices() {}

  /**
   * @param inTime notices after which a replacement was created before the host was gone
   * @param askedAfter from the notice to the create call
   */
  record Seen(int noticeSeconds, long notices, long inTime, Figures askedAfter) {
    double share() {
      return notices == 0 ? 0 : inTime / (double) notices;
    }
  }

  static Seen play(int noticeSeconds, int jobs, int notices, long seed) {
    var askedAfter = new Figures();
    var fleet = new Fleet(seed, Trainer.Tries.ONE, Trainer.Loss.NONE, millis -> {});
    fleet.start(jobs);
    var engine = fleet.plane.engine;
    fleet.plane.runUntil(engine.now() + 60_000);
    long length = (long) (1000 * notices / (RATE * jobs));
    fleet.reclaimUntil(engine.now() + length, notices, RATE, noticeSeconds, askedAfter);
    fleet.plane.runUntil(engine.now() + length + SETTLE_MILLIS);
    return new Seen(noticeSeconds, fleet.notices(), fleet.notices() - fleet.tooLate(), askedAfter);
  }
}
