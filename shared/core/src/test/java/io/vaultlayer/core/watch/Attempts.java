package io.vaultlayer.core.watch;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Submission;
import io.vaultlayer.core.lease.TokenHash;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/** Leases that stand where a look finds them, made by the job machine itself. */
final class Attempts {
  static final Instant START = Instant.parse("2026-11-20T10:00:00Z");
  static final int BEAT = 10;
  static final int LEASE = 40;
  static final Duration LAUNCH_LIMIT = Duration.ofMinutes(10);
  private static final TokenHash BOOTSTRAP = TokenHash.of("bootstrap");
  private static final TokenHash TOKEN = TokenHash.of("token");

  private Attempts() {}

  static Lease queued(Optional<Instant> policyDeadline) {
    var id = new JobId("job_01k00000000000000000000000");
    var lease = Submission.lease(id, START, new Policy(true, 0, policyDeadline));
    return then(lease, l -> new JobEvent.Start(START));
  }

  static Lease launched() {
    return launched(queued(Optional.empty()), "fake", BEAT, LEASE);
  }

  static Lease launched(Lease queued, String provider, int beatSeconds, int leaseSeconds) {
    var claimed =
        then(queued, l -> new JobEvent.Claim(START, l.epoch(), "p", START.plusSeconds(60)));
    var intended =
        then(
            claimed,
            l ->
                new JobEvent.Intend(
                    START, l.epoch(), "p", launch(l, provider, beatSeconds, leaseSeconds)));
    return then(intended, l -> new JobEvent.Launched(START, l.epoch(), 1, "i-1", "m-1"));
  }

  private static LaunchRecord launch(Lease l, String provider, int beatSeconds, int leaseSeconds) {
    return new LaunchRecord(
        l.epoch(),
        1,
        "vl-test-" + l.job() + "-e" + l.epoch() + "-1",
        provider,
        "here",
        "cpu",
        true,
        "spot",
        0.1,
        beatSeconds,
        leaseSeconds,
        BOOTSTRAP,
        START,
        START.plus(LAUNCH_LIMIT),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** Runs, and was last heard at {@code heard}. */
  static Lease running(Instant heard) {
    return running("fake", BEAT, LEASE, heard);
  }

  static Lease running(String provider, int beatSeconds, int leaseSeconds, Instant heard) {
    var launched = launched(queued(Optional.empty()), provider, beatSeconds, leaseSeconds);
    var at = heard.isBefore(START) ? heard : START;
    var registered =
        then(
            launched, l -> new JobEvent.Register(at, l.epoch(), 1, BOOTSTRAP, TOKEN, "i-1", "m-1"));
    return beat(registered, heard);
  }

  /** A beat that tells a step. */
  static Lease step(Lease lease, Instant now, long step, Optional<Double> stepsPerSecond) {
    return then(
        lease,
        l ->
            new JobEvent.Heartbeat(
                now,
                l.epoch(),
                l.token().orElseThrow(),
                l.run().beat() + 1,
                "running",
                Optional.of(step),
                Optional.of(1L),
                Optional.empty(),
                stepsPerSecond));
  }

  static Lease commit(Lease lease, Instant now, long step) {
    var pointer = new Pointer(step, lease.epoch(), "k" + step, "d" + step, 1, 1, now);
    return then(lease, l -> new JobEvent.Commit(now, l.epoch(), TOKEN, pointer));
  }

  static Lease restartedAfterStall(Lease lease, Instant now) {
    return then(
        lease,
        l ->
            new JobEvent.NextEpoch(
                now,
                l.epoch(),
                TOKEN,
                TokenHash.of("next"),
                Outcome.STALLED,
                "stalled",
                Optional.of(1L),
                l.run().step()));
  }

  static Lease beat(Lease lease, Instant now) {
    return then(
        lease,
        l ->
            new JobEvent.Heartbeat(
                now,
                l.epoch(),
                TOKEN,
                l.run().beat() + 1,
                "running",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
  }

  static Lease saving(Instant heard, Instant drainEnd) {
    return then(running(heard), l -> new JobEvent.Reclaim(heard, l.epoch(), TOKEN, drainEnd));
  }

  static Lease suspected(Lease lease, Instant now, Instant graceEnd) {
    return then(lease, l -> new JobEvent.Suspect(now, l.epoch(), l.sequence(), graceEnd));
  }

  static Lease then(Lease lease, Function<Lease, JobEvent> event) {
    var happening = event.apply(lease);
    return JobMachine.decide(lease, happening) instanceof Decision.Accepted accepted
        ? accepted.next()
        : fail(lease, happening);
  }

  private static Lease fail(Lease lease, JobEvent event) {
    throw new AssertionError(event + " gave " + JobMachine.decide(lease, event));
  }
}
