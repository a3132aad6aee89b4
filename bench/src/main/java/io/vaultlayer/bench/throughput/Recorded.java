package io.vaultlayer.bench.throughput;

import io.vaultlayer.bench.plane.Cloud;
import io.vaultlayer.bench.plane.Plane;
import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.lease.Lease;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** Leases and events as they meet in the life of a job that loses a host and gets a notice. */
final class Recorded {
  /** A lease and what happens to it. */
  record Meeting(Lease lease, JobEvent event) {}

  private static final int REGISTERED_BEATS = 3;

  private final Map<String, Meeting> byKind = new LinkedHashMap<>();

  private Recorded() {}

  /** Plays the life once; the same each time. */
  static Map<String, Meeting> play() throws InterruptedException {
    var recorded = new Recorded();
    // A virtual thread, because a world's invocations are some too.
    Thread.ofVirtual().start(recorded::life).join();
    return recorded.byKind;
  }

  private void life() {
    var plane = new Plane(1, line -> {}, this::decide);
    var last = new AtomicReference<Trainer>();
    var settings = new Trainer.Settings(5000, 30_000, Trainer.Tries.ONE, Trainer.Loss.NONE);
    var cloud =
        new Cloud(
            plane,
            "cloud",
            1,
            host -> {
              last.set(new Trainer(plane, host, 1, settings));
              last.get().boot();
            });
    plane.add(cloud);
    plane.submit(Map.of());
    plane.runUntil(300_000);
    last.get().host.die(plane.engine.now());
    plane.runUntil(600_000);
    last.get().reclaim(120);
    plane.runUntil(900_000);
  }

  private Decision decide(Lease lease, JobEvent event) {
    var decision = JobMachine.decide(lease, event);
    var settled = !(event instanceof JobEvent.Heartbeat) || lease.run().beat() >= REGISTERED_BEATS;
    if (decision instanceof Decision.Accepted && settled) {
      byKind.putIfAbsent(event.getClass().getSimpleName(), new Meeting(lease, event));
    }
    if (event instanceof JobEvent.Heartbeat beat && lease.epoch() > 1) {
      var old =
          new JobEvent.Heartbeat(
              beat.now(),
              beat.epoch() - 1,
              beat.token(),
              beat.beat(),
              beat.phase(),
              beat.step(),
              beat.firstStep(),
              beat.loss(),
              beat.stepsPerSecond());
      byKind.putIfAbsent("HeartbeatOfAFencedEpoch", new Meeting(lease, old));
    }
    return decision;
  }
}
