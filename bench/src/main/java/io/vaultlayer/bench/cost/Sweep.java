package io.vaultlayer.bench.cost;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.Counters;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Run;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.wire.BucketLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One tick of the real watchdog over so many running leases, none of which needs anything.
 *
 * @param seconds of this machine, on a store in its memory: the middle one of {@value #TICKS}
 * @param tick what it used
 */
record Sweep(int leases, double seconds, Bill tick) {
  private static final int TICKS = 5;
  private static final int ROWS_AT_ONCE = 25;

  /** What an hour of such ticks uses. */
  Bill hour() {
    return tick.times(3600.0 / Deployment.TICK_SECONDS);
  }

  static Sweep measure(int leases) {
    var plane = new CostPlane();
    // The first tick takes the watch.
    beaten(plane, leases);
    plane.wake();
    var bill = plane.meter.of(() -> next(plane, leases, plane::wake));
    plane.store.rest(true);
    var seconds = new double[TICKS];
    for (int i = 0; i < TICKS; i++) {
      int tick = i;
      next(
          plane,
          leases,
          () -> {
            long begun = System.nanoTime();
            plane.wake();
            seconds[tick] = (System.nanoTime() - begun) / 1e9;
          });
    }
    Arrays.sort(seconds);
    return new Sweep(leases, seconds[TICKS / 2], bill);
  }

  private static void next(CostPlane plane, int leases, Runnable tick) {
    plane.clock.advance(Duration.ofSeconds(Deployment.TICK_SECONDS));
    beaten(plane, leases);
    tick.run();
  }

  /** All leases as a beat of this moment leaves them. */
  private static void beaten(CostPlane plane, int leases) {
    var rows = new ArrayList<Write>();
    for (int i = 0; i < leases; i++) {
      var lease = running(i, plane.clock.instant());
      var launch = lease.launches().getFirst();
      if (!plane.fleet.has(launch.label())) {
        plane.fleet.add(
            launch.label(), launch.instanceId().orElseThrow(), launch.machineId().orElseThrow());
      }
      rows.add(
          new Write.Put(
              "leases",
              LeaseCodec.key(lease.job()),
              Expect.anything(),
              LeaseCodec.attributes(lease),
              LeaseCodec.due(lease)));
      if (rows.size() == ROWS_AT_ONCE || i == leases - 1) {
        plane.rows.write(List.copyOf(rows));
        rows.clear();
      }
    }
  }

  /** A lease as the handlers leave it after some hours: pointer and two commits before it. */
  static Lease running(int number, Instant now) {
    var job =
        JobId.make(1_763_632_800_000L + number, ByteBuffer.allocate(10).putLong(2, number).array());
    var run = Run.begin(now.minusMillis(7_200_123)).edit();
    run.programStarted = true;
    run.beat = 720;
    run.phase = "running";
    run.step = Optional.of(123_456L);
    run.stepAt = Optional.of(now);
    run.firstStep = Optional.of(120_001L);
    run.loss = Optional.of(0.412345678901234);
    run.stepsPerSecond = Optional.of(2.345678901234567);
    run.lastBeatAt = Optional.of(now);
    run.resumedFrom = Optional.of(120_000L);
    run.committed = true;
    var launch =
        new LaunchRecord(
            3,
            1,
            "vl-default-" + job + "-e3-1",
            "model",
            "eu-north-1",
            "A100_80GB",
            true,
            "spot",
            1.19,
            10,
            40,
            TokenHash.of("bootstrap" + number),
            now.minusMillis(7_200_123),
            now.minusMillis(6_300_123),
            Optional.empty(),
            Optional.of("i-0123456789" + number),
            Optional.of("machine-" + number));
    return new Lease(
        job,
        1,
        3,
        JobState.RUNNING,
        true,
        new Policy(true, 0, Optional.empty()),
        Optional.empty(),
        Optional.of(now.plusSeconds(40)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(launch),
        2,
        Optional.of(1),
        Optional.of(TokenHash.of("token" + number)),
        Optional.of(pointer(job, 123_400, now)),
        List.of(pointer(job, 123_300, now), pointer(job, 123_200, now)),
        run.build(),
        new Counters(2, 0, 0, 0),
        Optional.of("e2:0123456789abcdef"),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  private static Pointer pointer(JobId job, long step, Instant now) {
    return new Pointer(
        step,
        3,
        BucketLayout.checkpointManifest(job.value(), 3, step),
        TokenHash.of("manifest" + step).hex(),
        15_234_567_000L + step,
        17,
        now.minusSeconds(9 * (123_456 - step)));
  }
}
