package io.vaultlayer.bench.peer;

import io.vaultlayer.bench.report.Bench;
import io.vaultlayer.bench.report.Figures;
import java.util.LinkedHashMap;
import java.util.Map;

/** What one contender made of one scenario; minutes are summed over its jobs. */
final class Score {
  /** Between two looks at a world. */
  private static final long LOOK_MILLIS = 10_000;

  /** Everybody trains by then. */
  private static final long FROM_MILLIS = 1_500_000;

  /** After the last fault, until everything has been repaired that will be. */
  private static final long SETTLE_MILLIS = 2_700_000;

  final Figures detection = new Figures();
  private double duplicateMinutes;
  private double lostMinutes;
  private double leakedMinutes;
  private long healthyTornDown;
  private double callsPerJobHour;
  private int worlds;

  /** Plays the scenario in the world of one seed, and adds what came of it. */
  void play(Contender world, Scenario scenario, int jobs, double hours, long seed) {
    long until = FROM_MILLIS + (long) (hours * 3_600_000);
    long end = until + SETTLE_MILLIS;
    world.start(jobs);
    world.runUntil(FROM_MILLIS);
    for (int job = 0; job < jobs; job++) {
      if (world.trainingHosts(job) != 1) {
        throw new IllegalStateException(
            world.name() + ": job " + job + " does not train before the first fault");
      }
    }
    world.onDetection(detection::add);
    long calls = world.providerCalls();
    long progress = progress(world, jobs);
    scenario.play(world, new Scenario.Timing(jobs, FROM_MILLIS, until, seed));
    for (long at = FROM_MILLIS; at < end; at += LOOK_MILLIS) {
      world.runUntil(at + LOOK_MILLIS);
      look(world, jobs);
    }
    lostMinutes += (jobs * (end - FROM_MILLIS) / 1000.0 - (progress(world, jobs) - progress)) / 60;
    healthyTornDown += world.healthyTornDown();
    double jobHours = jobs * (end - FROM_MILLIS) / 3_600_000.0;
    callsPerJobHour += (world.providerCalls() - calls) / jobHours;
    worlds++;
  }

  private void look(Contender world, int jobs) {
    double minutes = LOOK_MILLIS / 60_000.0;
    for (int job = 0; job < jobs; job++) {
      duplicateMinutes += minutes * Math.max(0, world.trainingHosts(job) - 1);
    }
    leakedMinutes += minutes * world.unownedInstances();
  }

  private static long progress(Contender world, int jobs) {
    long progress = 0;
    for (int job = 0; job < jobs; job++) {
      progress += world.progressSeconds(job);
    }
    return progress;
  }

  double duplicateMinutes() {
    return duplicateMinutes;
  }

  long healthyTornDown() {
    return healthyTornDown;
  }

  Map<String, Object> document(Scenario scenario, String contender) {
    var row = new LinkedHashMap<String, Object>();
    row.put("scenario", scenario.name().toLowerCase(java.util.Locale.ROOT));
    row.put("contender", contender);
    row.put("losses", detection.count());
    row.put("detectionMeanSeconds", Bench.rounded(detection.mean()));
    row.put("detectionP99Seconds", Bench.rounded(detection.quantile(0.99)));
    row.put("duplicateTrainingMinutes", Bench.rounded(duplicateMinutes));
    row.put("healthyTornDown", healthyTornDown);
    row.put("lostGpuMinutes", Bench.rounded(lostMinutes));
    row.put("leakedInstanceMinutes", Bench.rounded(leakedMinutes));
    row.put("providerCallsPerJobHour", Bench.rounded(callsPerJobHour / worlds));
    return row;
  }

  String line(String contender) {
    return "  %-26s %7d %8.1f %8.1f %9.1f %9d %10.0f %9.0f %9.1f%n"
        .formatted(
            contender,
            detection.count(),
            detection.mean(),
            detection.quantile(0.99),
            duplicateMinutes,
            healthyTornDown,
            lostMinutes,
            leakedMinutes,
            callsPerJobHour / worlds);
  }
}
