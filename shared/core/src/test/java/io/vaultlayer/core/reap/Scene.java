package io.vaultlayer.core.reap;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Submission;
import io.vaultlayer.core.lease.TokenHash;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** One job with one launch at half a dollar an hour, as the machine itself leads it. */
final class Scene {
  static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
  static final JobId JOB = new JobId("job_01k00000000000000000000000");
  static final String LABEL = new InstanceLabel("test", JOB, 1, 1).toString();
  private static final TokenHash TOKEN = TokenHash.of("attempt");
  private static final TokenHash BOOTSTRAP = TokenHash.of("bootstrap");

  private Scene() {}

  static LaunchRecord launch(int epoch, int number) {
    return new LaunchRecord(
        epoch,
        number,
        new InstanceLabel("test", JOB, epoch, number).toString(),
        "fake",
        "here",
        "cpu",
        true,
        "spot",
        0.5,
        10,
        40,
        BOOTSTRAP,
        NOON,
        NOON.plus(Duration.ofMinutes(10)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  static InstanceRow row() {
    return InstanceRow.intended(JOB, launch(1, 1), NOON, NOON.plusSeconds(35));
  }

  static InstanceRow successorRow() {
    return InstanceRow.intended(JOB, launch(2, 2), NOON, NOON.plusSeconds(35));
  }

  /** The create call's answer is not known. */
  static Lease intended() {
    var lease = Submission.lease(JOB, NOON, new Policy(true, 0, Optional.empty()));
    lease = after(lease, new JobEvent.Start(NOON));
    lease = after(lease, new JobEvent.Claim(NOON, 1, "p", NOON.plusSeconds(60)));
    return after(lease, new JobEvent.Intend(NOON, 1, "p", launch(1, 1)));
  }

  static Lease launched(String instanceId) {
    return after(intended(), new JobEvent.Launched(NOON, 1, 1, instanceId, "m"));
  }

  static Lease drainingWithSuccessor() {
    var lease =
        after(launched("i-1"), new JobEvent.Register(NOON, 1, 1, BOOTSTRAP, TOKEN, "i-1", "m"));
    lease = after(lease, beat());
    lease = after(lease, new JobEvent.Reclaim(NOON, 1, TOKEN, NOON.plusSeconds(120)));
    return after(lease, new JobEvent.PrepareSuccessor(NOON, 1, launch(2, 2), NOON.plusSeconds(60)));
  }

  static Lease ended() {
    return after(launched("i-1"), new JobEvent.Cancel(NOON, "cancelled", "by the user"));
  }

  private static JobEvent beat() {
    return new JobEvent.Heartbeat(
        NOON,
        1,
        TOKEN,
        1,
        "running",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static Lease after(Lease lease, JobEvent event) {
    return ((Accepted) JobMachine.decide(lease, event)).next();
  }
}
