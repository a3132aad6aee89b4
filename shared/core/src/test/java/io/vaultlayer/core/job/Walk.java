package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Ignored;
import io.vaultlayer.core.job.Decision.Recognised;
import io.vaultlayer.core.job.JobEvent.ByOwner;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Submission;
import io.vaultlayer.core.lease.TokenHash;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One job led by hand through the machine. Its methods make the event that the present lease calls
 * for, {@link #takes}, {@link #recognises} and {@link #ignores} say what must come of it. Every
 * accepted move is held against the invariants, and everything that was walked is counted.
 */
final class Walk {
  static final Instant START = Instant.parse("2026-11-20T10:00:00Z");
  static final Duration LEASE = Duration.ofSeconds(40);
  static final Duration LAUNCH_LIMIT = Duration.ofMinutes(10);
  static final Policy PATIENT = new Policy(true, 0, Optional.empty());
  static final TokenHash STRANGER = TokenHash.of("somebody else's");
  private static final JobId JOB = new JobId("job_01k00000000000000000000000");

  private Lease lease;
  private Instant now = START;
  private List<Effect> effects = List.of();

  private Walk(Policy policy) {
    lease = Submission.lease(JOB, START, policy);
  }

  // ---- jobs that stand somewhere

  static Walk submitted(Policy policy) {
    return new Walk(policy);
  }

  static Walk submitted() {
    return new Walk(PATIENT);
  }

  static Walk queued() {
    var job = submitted();
    return job.takes(Edge.ARMED, job.start());
  }

  static Walk placing() {
    return queued().claimed();
  }

  static Walk intended() {
    var job = placing();
    return job.takes(Edge.INTENDED, job.intend());
  }

  static Walk launched() {
    var job = intended();
    return job.takes(Edge.LAUNCHED, job.launch());
  }

  static Walk registered() {
    return launched().registers();
  }

  static Walk running() {
    return running(PATIENT);
  }

  static Walk running(Policy policy) {
    var job = submitted(policy);
    return job.takes(Edge.ARMED, job.start()).runsAgain();
  }

  static Walk saving() {
    var job = running();
    return job.takes(Edge.DRAINING, job.reclaim(Duration.ofMinutes(2)));
  }

  static Walk ended(Edge how) {
    var job = running();
    return switch (how) {
      case SUCCEEDED -> job.takes(how, job.succeed());
      case FAILED -> job.takes(how, job.fail());
      case CANCELLED -> job.takes(how, job.cancel());
      case STOPPED -> job.takes(how, job.stop());
      default -> throw new IllegalArgumentException(how + " does not end a job");
    };
  }

  Walk claimed() {
    waitUntilDue();
    return takes(Edge.CLAIMED, claim("provisioner-1"));
  }

  Walk registers() {
    return takes(Edge.REGISTERED, register());
  }

  /** From a state in which the job is due, up to a running program. */
  Walk runsAgain() {
    claimed();
    takes(Edge.INTENDED, intend());
    takes(Edge.LAUNCHED, launch());
    registers();
    return takes(Edge.PROGRAM_STARTED, beat("running"));
  }

  /** The attempt falls silent and its epoch is closed. */
  Walk isLost() {
    later(LEASE);
    return takes(Edge.FENCED, fence("lost-" + lease.epoch()));
  }

  Walk later(Duration by) {
    now = now.plus(by);
    return this;
  }

  private void waitUntilDue() {
    lease.dueAt().filter(at -> at.isAfter(now)).ifPresent(at -> now = at);
  }

  // ---- what must come of an event

  Walk takes(Edge edge, JobEvent event) {
    var decision = JobMachine.decide(lease, event);
    if (!(decision instanceof Accepted accepted)) {
      throw new AssertionError(edge + " expected, but " + event + " gave " + decision);
    }
    assertThat(accepted.edge()).as("edge of %s", event).isEqualTo(edge);
    assertThat(Invariants.broken(lease, event, accepted.next())).as("after %s", event).isEmpty();
    accepted.next().journal().stream()
        .filter(e -> e.sequence() == accepted.next().sequence())
        .forEach(e ->
            assertThat(e.effects())
                .as("what the record of %s tells of its effects", edge)
                .isEqualTo(accepted.effects().stream().map(Effect::told).toList()));
    Walked.taken(event, edge);
    lease = accepted.next();
    effects = accepted.effects();
    return this;
  }

  Walk recognises(JobEvent event) {
    assertThat(JobMachine.decide(lease, event))
        .as("decision on %s", event)
        .isEqualTo(new Recognised(lease));
    Walked.recognised(event);
    return this;
  }

  Walk ignores(Why why, JobEvent event) {
    assertThat(JobMachine.decide(lease, event))
        .as("decision on %s in %s", event, lease.state())
        .isEqualTo(new Ignored(why));
    Walked.ignored(why);
    return this;
  }

  Lease lease() {
    return lease;
  }

  List<Effect> effects() {
    return effects;
  }

  Instant now() {
    return now;
  }

  TokenHash token() {
    return lease.token().orElseThrow();
  }

  // ---- events as the present lease calls for them

  JobEvent start() {
    return new JobEvent.Start(now);
  }

  JobEvent claim(String by) {
    return new JobEvent.Claim(now, lease.epoch(), by, now.plusSeconds(60));
  }

  LaunchRecord nextLaunch(int epoch) {
    return launchRecord(epoch, lease.nextLaunch(), now);
  }

  static LaunchRecord launchRecord(int epoch, int number, Instant now) {
    return new LaunchRecord(
        epoch,
        number,
        "vl-tests-" + JOB + "-e" + epoch + "-" + number,
        "local",
        "here",
        "cpu",
        true,
        "on-demand",
        0.25,
        10,
        (int) LEASE.toSeconds(),
        bootstrap(epoch, number),
        now,
        now.plus(LAUNCH_LIMIT),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  static TokenHash bootstrap(int epoch, int number) {
    return TokenHash.of("bootstrap " + epoch + "/" + number);
  }

  static TokenHash attemptToken(int epoch, int number) {
    return TokenHash.of("attempt " + epoch + "/" + number);
  }

  JobEvent intend() {
    return intend("provisioner-1", nextLaunch(lease.epoch()));
  }

  JobEvent intend(String by, LaunchRecord launch) {
    return new JobEvent.Intend(now, lease.epoch(), by, launch);
  }

  JobEvent launch() {
    return launch(lease.epoch(), lease.nextLaunch() - 1);
  }

  JobEvent launch(int epoch, int number) {
    return new JobEvent.Launched(now, epoch, number, "i-" + number, "m-" + number);
  }

  JobEvent noPlace() {
    return unplaced("provisioner-1", Optional.empty());
  }

  JobEvent madeNothing() {
    return unplaced("provisioner-1", Optional.of(lease.nextLaunch() - 1));
  }

  JobEvent unplaced(String by, Optional<Integer> number) {
    return new JobEvent.Unplaced(now, lease.epoch(), by, number, now.plusSeconds(30), "no offer");
  }

  JobEvent unplacedUntil(Optional<Integer> number, Instant giveUpAt) {
    return new JobEvent.Unplaced(
        now, lease.epoch(), "provisioner-1", number, now.plusSeconds(30), giveUpAt, "no offer");
  }

  JobEvent register() {
    return register(lease.epoch(), lease.nextLaunch() - 1);
  }

  JobEvent register(int epoch, int number) {
    return register(epoch, number, bootstrap(epoch, number), attemptToken(epoch, number));
  }

  JobEvent register(int epoch, int number, TokenHash bootstrap, TokenHash token) {
    return new JobEvent.Register(
        now, epoch, number, bootstrap, token, "i-" + number, "m-" + number);
  }

  ByOwner beat(String phase) {
    return beat(phase, lease.run().beat() + 1);
  }

  ByOwner beat(String phase, long number) {
    return beat(phase, number, Optional.empty(), Optional.empty());
  }

  ByOwner beat(String phase, long number, Optional<Long> step, Optional<Double> loss) {
    return new JobEvent.Heartbeat(
        now, lease.epoch(), token(), number, phase, step, step, loss, Optional.empty());
  }

  JobEvent fund(int epoch, int number, Duration by) {
    return new JobEvent.Fund(now, epoch, number, now.plus(by));
  }

  JobEvent suspect() {
    return new JobEvent.Suspect(now, lease.epoch(), lease.sequence(), now.plus(LEASE.dividedBy(2)));
  }

  /** A beat of a program that tells its steps, some of them each second. */
  ByOwner steps(long step) {
    return new JobEvent.Heartbeat(
        now,
        lease.epoch(),
        token(),
        lease.run().beat() + 1,
        "running",
        Optional.of(step),
        Optional.of(1L),
        Optional.empty(),
        Optional.of(2.0));
  }

  JobEvent stall() {
    return new JobEvent.Stall(now, lease.epoch(), lease.sequence(), "no step for long");
  }

  JobEvent extend(Duration by) {
    return new JobEvent.Extend(
        now, lease.epoch(), lease.sequence(), now.plus(by), "the control plane was away");
  }

  JobEvent fence(String id) {
    return fence(id, FenceCause.SILENCE, true);
  }

  JobEvent fence(String id, FenceCause cause, boolean counts) {
    return new JobEvent.Fence(
        now, lease.epoch(), lease.sequence(), id, cause, Outcome.LOST, "no beat", counts);
  }

  ByOwner reclaim(Duration notice) {
    return new JobEvent.Reclaim(now, lease.epoch(), token(), now.plus(notice));
  }

  JobEvent prepareSuccessor() {
    return prepareSuccessor(nextLaunch(lease.epoch() + 1));
  }

  JobEvent prepareSuccessor(LaunchRecord launch) {
    return new JobEvent.PrepareSuccessor(now, lease.epoch(), launch, now.plusSeconds(35));
  }

  static Pointer checkpoint(int epoch, long step) {
    var key = "jobs/" + JOB + "/checkpoints/e" + epoch + "/step-" + step + "/_manifest.json";
    return new Pointer(step, epoch, key, "digest-" + epoch + "-" + step, 100, 1, START);
  }

  ByOwner commit(long step) {
    return commit(checkpoint(lease.epoch(), step));
  }

  ByOwner commit(Pointer pointer) {
    return new JobEvent.Commit(now, lease.epoch(), token(), pointer);
  }

  ByOwner condemn(Pointer damaged, Optional<Pointer> replacement) {
    return new JobEvent.Condemn(now, lease.epoch(), token(), damaged, replacement, "wrong digest");
  }

  JobEvent salvage(Pointer pointer) {
    return new JobEvent.Salvage(now, lease.epoch(), pointer);
  }

  ByOwner nextEpoch() {
    return nextEpoch(attemptToken(lease.epoch() + 1, 1), Optional.of(1L));
  }

  ByOwner nextEpoch(TokenHash next, Optional<Long> firstStep) {
    return nextEpoch(next, firstStep, Outcome.LOST);
  }

  ByOwner nextEpoch(TokenHash next, Optional<Long> firstStep, Outcome outcome) {
    return new JobEvent.NextEpoch(
        now,
        lease.epoch(),
        token(),
        next,
        outcome,
        "killed by SIGKILL",
        firstStep,
        firstStep.map(s -> s + 6));
  }

  ByOwner exit(Outcome outcome, Optional<Integer> code, String reason) {
    return new JobEvent.Exit(
        now,
        lease.epoch(),
        token(),
        outcome,
        code,
        reason,
        "as the agent saw it",
        Optional.of(1L).filter(_ -> outcome != Outcome.NEVER_STARTED),
        Optional.of(9L).filter(_ -> outcome != Outcome.NEVER_STARTED));
  }

  ByOwner succeed() {
    return exit(Outcome.SUCCEEDED, Optional.of(0), "");
  }

  ByOwner fail() {
    return exit(Outcome.FAILED, Optional.of(3), "user_program_failed");
  }

  ByOwner loses() {
    return exit(Outcome.LOST, Optional.empty(), "lost");
  }

  JobEvent cancel() {
    return new JobEvent.Cancel(now, "cancelled", "asked by the user");
  }

  JobEvent stop() {
    return new JobEvent.Stop(now, "budget", "the budget is used up");
  }

  JobEvent resume() {
    return new JobEvent.Resume(now, lease.epoch());
  }

  JobEvent settle() {
    return new JobEvent.Settle(now, lease.sequence());
  }
}
