package io.vaultlayer.core.job;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Submission;
import io.vaultlayer.core.lease.TokenHash;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A job to which anything happens, drawn from one seed: right events, events with one thing wrong,
 * and events of long ago once more.
 */
final class RandomJob {
  private static final List<Policy> POLICIES =
      List.of(
          Walk.PATIENT,
          Walk.PATIENT,
          Walk.PATIENT,
          new Policy(true, 3, Optional.empty()),
          new Policy(false, 0, Optional.of(Walk.START.plusSeconds(9))));
  private static final int MOST_REMEMBERED = 64;

  private final Random random;
  private final List<JobEvent> past = new ArrayList<>();
  private final List<TokenHash> tokens = new ArrayList<>(List.of(Walk.STRANGER));
  private final List<Pointer> pointers = new ArrayList<>(List.of(Walk.checkpoint(1, 1)));
  private Lease lease;
  private Instant now = Walk.START;

  /** Of three events of a running program, so many are commits. */
  private final int commits;

  /** Of four other events, so many end the attempt. */
  private final int deaths;

  /** Its image is broken: no launch ever registers. */
  private final boolean dud;

  RandomJob(long seed) {
    random = new Random(seed * 0x9E3779B97F4A7C15L);
    commits = random.nextInt(3);
    deaths = random.nextInt(4);
    dud = random.nextInt(16) == 0;
    lease =
        Submission.lease(
            JobId.make(seed, new byte[10]), now, POLICIES.get(random.nextInt(POLICIES.size())));
  }

  Lease lease() {
    return lease;
  }

  /** Remembers the move, so that it can happen again. */
  void happened(JobEvent event, Accepted accepted) {
    lease = accepted.next();
    lease.token().filter(t -> !tokens.contains(t)).ifPresent(tokens::add);
    lease.pointer().filter(p -> !pointers.contains(p)).ifPresent(pointers::add);
    past.add(event);
    if (past.size() > MOST_REMEMBERED) {
      past.removeFirst();
    }
  }

  List<JobEvent> past() {
    return List.copyOf(past);
  }

  /** Time goes on: a little, or to where something is due. */
  void timePasses() {
    var target =
        switch (random.nextInt(9)) {
          case 8 -> lease.run().stalledAt().or(lease.run()::stepAt).map(this::stallEnd);
          case 0, 4, 5 -> lease.dueAt();
          case 1 -> lease.deadline();
          case 2 -> lease.graceEnd().or(lease::drainEnd);
          case 3 -> Optional.of(now.plusSeconds(random.nextInt(600)));
          default -> Optional.of(now.plusMillis(random.nextInt(5000)));
        };
    now = target.filter(now::isBefore).orElse(now);
  }

  private Instant stallEnd(Instant since) {
    return since.plus(
        lease.run().stalledAt().isPresent() ? JobMachine.RESTART_LIMIT : JobMachine.LEAST_STALL);
  }

  /** Anything that could be told of this job now. */
  JobEvent anything() {
    int kind = random.nextInt(dud ? 36 : 12);
    return kind == 0 && !past.isEmpty() ? oneOf(past) : kind < 4 ? fresh() : wanted();
  }

  /** What brings a job on: up to a running program, and then to the end that this seed favours. */
  private JobEvent wanted() {
    return switch (lease.state()) {
      case QUEUED, WAITING, RECOVERING -> lease.armed() ? claim() : new JobEvent.Start(now);
      case PLACING ->
          lease.claim().filter(c -> c.until().isAfter(now)).isEmpty()
              ? claim()
              : lease.launches().isEmpty()
                  ? new JobEvent.Intend(now, lease.epoch(), provisioner(), launch(lease.epoch()))
                  : dud && deaths > 1 ? launched() : register();
      case STARTING ->
          dud
              ? stillbirth()
              : lease.bound().isEmpty()
                  ? random.nextInt(4) < deaths ? fence() : register()
                  : random.nextInt(4) < deaths ? death() : beat();
      case SAVING ->
          random.nextInt(3) > 0 ? living() : lease.successor().isPresent() ? taken() : handed();
      case RUNNING -> living();
      case SUCCEEDED, FAILED, CANCELLED, STOPPED -> new JobEvent.Resume(now, lease.epoch());
    };
  }

  private JobEvent living() {
    return random.nextInt(3) < commits
        ? new JobEvent.Commit(now, lease.epoch(), token(), checkpoint())
        : random.nextInt(4) < deaths ? death() : random.nextInt(6) == 0 ? notice() : beat();
  }

  /** A successor is declared, or no place is found for one. */
  private JobEvent handed() {
    return random.nextBoolean() ? successor(lease.epoch()) : unplaced(Optional.empty());
  }

  /** The declared successor is there, asks too early, or comes to nothing. */
  private JobEvent taken() {
    return switch (random.nextInt(3)) {
      case 0 -> launched();
      case 1 -> register();
      default -> unplaced(lease.successor().map(LaunchRecord::number));
    };
  }

  private JobEvent successor(int epoch) {
    return new JobEvent.PrepareSuccessor(now, epoch, launch(epoch + 1), now.plusSeconds(35));
  }

  private JobEvent unplaced(Optional<Integer> number) {
    var patience = random.nextInt(8) == 0 ? 60 : 86400;
    return new JobEvent.Unplaced(
        now,
        epoch(),
        provisioner(),
        number,
        now.plusSeconds(1 + random.nextInt(30)),
        lease.run().owedSince().plusSeconds(patience),
        "no offer");
  }

  private JobEvent claim() {
    return new JobEvent.Claim(now, lease.epoch(), "p-1", now.plusSeconds(60));
  }

  private JobEvent stillbirth() {
    return deaths > 1
        ? fence(lease.epoch(), lease.sequence(), FenceCause.CONFIRMED, true)
        : lease.bound().isEmpty()
            ? register()
            : random.nextBoolean() ? unstarted() : nextEpoch(Optional.empty());
  }

  private JobEvent notice() {
    return new JobEvent.Reclaim(now, epoch(), token(), now.plusSeconds(120));
  }

  private JobEvent death() {
    return switch (random.nextInt(3)) {
      case 0 -> nextEpoch();
      case 1 -> exit();
      default -> fence();
    };
  }

  private JobEvent fresh() {
    return switch (random.nextInt(32)) {
      case 0 -> new JobEvent.Start(now);
      case 1, 2, 3 -> new JobEvent.Claim(now, epoch(), provisioner(), now.plusSeconds(60));
      case 4, 5 -> {
        int epoch = epoch();
        yield new JobEvent.Intend(now, epoch, provisioner(), launch(epoch));
      }
      case 6, 7 -> launched();
      case 8 -> unplaced(random.nextBoolean() ? Optional.of(number()) : Optional.empty());
      case 9, 10, 11 -> register();
      case 12, 13, 14 -> beat();
      case 15 -> new JobEvent.Suspect(now, epoch(), sequence(), now.plusSeconds(20));
      case 16 -> new JobEvent.Extend(now, epoch(), sequence(), now.plusSeconds(40), "away");
      case 17, 18 -> fence();
      case 19 -> notice();
      case 20 -> {
        int epoch = epoch();
        yield successor(epoch);
      }
      case 21, 22, 23 -> new JobEvent.Commit(now, epoch(), token(), checkpoint());
      case 24 -> condemn();
      case 25 -> new JobEvent.Salvage(now, epoch(), checkpoint());
      case 26 -> nextEpoch();
      case 27 -> exit();
      case 29 ->
          new JobEvent.Fund(now, launchEpoch(), number(), now.plusSeconds(random.nextInt(3600)));
      case 30 -> new JobEvent.Stall(now, epoch(), sequence(), "no step");
      case 28 -> random.nextInt(6) == 0 ? ending() : new JobEvent.Resume(now, epoch());
      default -> new JobEvent.Settle(now, sequence());
    };
  }

  private JobEvent ending() {
    return random.nextBoolean()
        ? new JobEvent.Cancel(now, "cancelled", "asked")
        : new JobEvent.Stop(now, "deadline", "its time is up");
  }

  private JobEvent launched() {
    return new JobEvent.Launched(now, launchEpoch(), number(), "i-" + number(), "m-1");
  }

  private JobEvent register() {
    int epoch = launchEpoch();
    int number = number();
    var bootstrap = mostly(Walk.bootstrap(epoch, number), Walk.STRANGER);
    var own = TokenHash.of("attempt " + epoch + "/" + number + " of " + lease.job());
    return new JobEvent.Register(
        now, epoch, number, bootstrap, mostly(own, Walk.STRANGER), "i-" + number, "m-1");
  }

  private JobEvent beat() {
    var step = maybe(random.nextLong(50));
    return new JobEvent.Heartbeat(
        now,
        epoch(),
        token(),
        Math.max(0, lease.run().beat() + 1 - (random.nextInt(6) == 0 ? random.nextInt(3) : 0)),
        random.nextInt(3) == 0 ? "restoring" : "running",
        step,
        step,
        maybe(random.nextInt(20) == 0 ? Double.NaN : random.nextDouble()),
        maybe(random.nextDouble() * 100));
  }

  private JobEvent fence() {
    var cause = FenceCause.values()[random.nextInt(FenceCause.values().length)];
    return fence(epoch(), sequence(), cause, random.nextInt(4) > 0);
  }

  private JobEvent fence(int epoch, long sequence, FenceCause cause, boolean counts) {
    var id = "fence-" + random.nextInt(1000);
    return new JobEvent.Fence(now, epoch, sequence, id, cause, Outcome.LOST, "no beat", counts);
  }

  private JobEvent condemn() {
    var replacement =
        lease.earlier().isEmpty() || random.nextInt(4) == 0
            ? maybe(oneOf(pointers))
            : Optional.of(oneOf(lease.earlier()));
    var damaged =
        lease.pointer().filter(p -> random.nextInt(8) > 0).orElseGet(() -> oneOf(pointers));
    return new JobEvent.Condemn(now, epoch(), token(), damaged, replacement, "wrong digest");
  }

  private JobEvent nextEpoch() {
    return nextEpoch(maybe(1L));
  }

  private JobEvent nextEpoch(Optional<Long> step) {
    var fresh = TokenHash.of("restart " + random.nextInt() + " of " + lease.job());
    return new JobEvent.NextEpoch(
        now, epoch(), token(), fresh, Outcome.LOST, "SIGKILL", step, step);
  }

  private JobEvent exit() {
    var outcome =
        random.nextInt(3) == 0
            ? mostly(Outcome.SUCCEEDED, Outcome.FAILED)
            : Outcome.values()[2 + random.nextInt(Outcome.values().length - 2)];
    return new JobEvent.Exit(
        now,
        epoch(),
        token(),
        outcome,
        maybe(1),
        "user_program_failed",
        "ended",
        maybe(1L),
        maybe(9L));
  }

  private JobEvent unstarted() {
    Optional<Long> none = Optional.empty();
    return new JobEvent.Exit(
        now,
        epoch(),
        token(),
        Outcome.NEVER_STARTED,
        Optional.empty(),
        "lost",
        "ended",
        none,
        none);
  }

  private LaunchRecord launch(int epoch) {
    int number = random.nextInt(8) == 0 ? number() : lease.nextLaunch();
    return Walk.launchRecord(Math.max(1, epoch), number, now);
  }

  private Pointer checkpoint() {
    if (random.nextInt(8) == 0) {
      return oneOf(pointers);
    }
    long step = lease.pointer().map(Pointer::step).orElse(0L) - 1 + random.nextInt(4);
    int epoch = Math.max(1, lease.bound().isPresent() ? epoch() : lease.epoch() - 1);
    return Walk.checkpoint(epoch, Math.max(0, step));
  }

  /** The current epoch, or now and then one that is not. */
  private int epoch() {
    return switch (random.nextInt(10)) {
      case 0 -> Math.max(1, lease.epoch() - 1);
      case 1 -> lease.epoch() + 1;
      default -> lease.epoch();
    };
  }

  private int launchEpoch() {
    return lease.launches().isEmpty() ? epoch() : mostly(oneOf(lease.launches()).epoch(), epoch());
  }

  private int number() {
    int any = 1 + random.nextInt(3);
    return lease.launches().isEmpty() ? any : mostly(oneOf(lease.launches()).number(), any);
  }

  private long sequence() {
    return Math.max(
        1, random.nextInt(6) == 0 ? lease.sequence() - random.nextInt(4) : lease.sequence());
  }

  private TokenHash token() {
    return lease.token().filter(t -> random.nextInt(10) > 0).orElseGet(() -> oneOf(tokens));
  }

  private String provisioner() {
    return lease
        .claim()
        .filter(c -> random.nextInt(6) > 0)
        .map(c -> c.by())
        .orElse("p-" + random.nextInt(3));
  }

  private <T> T mostly(T usual, T other) {
    return random.nextInt(8) == 0 ? other : usual;
  }

  private <T> Optional<T> maybe(T value) {
    return random.nextBoolean() ? Optional.of(value) : Optional.empty();
  }

  private <T> T oneOf(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }
}
