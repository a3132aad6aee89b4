package io.vaultlayer.core.watch;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.watch.Verdict.Ask;
import io.vaultlayer.core.watch.Verdict.Extend;
import io.vaultlayer.core.watch.Verdict.Fence;
import io.vaultlayer.core.watch.Verdict.Leave;
import io.vaultlayer.core.watch.Verdict.Stop;
import io.vaultlayer.core.watch.Verdict.Suspect;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** One look at one lease: what silence, the provider and our own state make of it. */
public final class Look {
  /**
   * A stored deadline further ahead than now plus the lease and this much comes from a wrong clock.
   */
  static final Duration CLOCK_SLACK = Duration.ofSeconds(5);

  private final Lease lease;
  private final Sight sight;
  private final Outlook outlook;
  private final Instant now;

  private Look(Lease lease, Sight sight, Outlook outlook) {
    this.lease = lease;
    this.sight = sight;
    this.outlook = outlook;
    this.now = outlook.now();
  }

  /** The launch whose instance a look is about. */
  public static Optional<LaunchRecord> watched(Lease lease) {
    return lease.state().isWatched()
        ? lease.currentLaunch().filter(l -> l.instanceId().isPresent())
        : Optional.empty();
  }

  public static Verdict decide(Lease lease, Sight sight, Outlook outlook) {
    return new Look(lease, sight, outlook).decide();
  }

  private Verdict decide() {
    if (!lease.state().isFinal() && lease.policy().deadline().filter(this::hasPassed).isPresent()) {
      return new Stop(Reason.DEADLINE_POLICY);
    }
    var launch = watched(lease);
    if (launch.isEmpty()) {
      return new Leave(Reason.NOT_WATCHED);
    }
    var loss = sight.loss();
    if (loss.isPresent()) {
      return lost(launch.get(), loss.get());
    }
    if (lease.drainEnd().filter(this::hasPassed).isPresent()) {
      return new Fence(
          Reason.DRAIN_OVER,
          FenceCause.DRAIN_OVER,
          Outcome.RECLAIMED,
          "the notice's time is over",
          true);
    }
    if (lease.deadline().filter(this::hasPassed).isPresent()) {
      return silent(launch.get());
    }
    return alive(launch.get());
  }

  // ------------------------------------------------------------------ the lease runs

  private Verdict alive(LaunchRecord launch) {
    if (lease.bound().isEmpty()) {
      return new Leave(Reason.BOOTING);
    }
    var limit = now.plusSeconds(launch.leaseSeconds());
    if (lease.deadline().filter(d -> d.isAfter(limit.plus(CLOCK_SLACK))).isPresent()) {
      return new Extend(Reason.CLOCK_AHEAD, limit);
    }
    if (!Lateness.isLate(lease, outlook.heldAgainst(), now)) {
      return Stalls.look(lease, now).orElse(new Leave(Reason.HEARD));
    }
    return new Leave(sight.complete() ? Reason.LATE : Reason.LATE_UNLISTED);
  }

  // ------------------------------------------------------------------ a complete list shows the
  // loss

  private Verdict lost(LaunchRecord launch, Reason why) {
    var outcome =
        lease.bound().isEmpty()
            ? Outcome.NEVER_STARTED
            : lease.state() == JobState.SAVING ? Outcome.RECLAIMED : Outcome.LOST;
    var local = launch.provider().equals("local");
    var detail =
        why == Reason.LIST_STOPPED
            ? (local ? "agent process gone" : "instance stopped")
            : local ? "process group gone" : "instance gone";
    return new Fence(why, FenceCause.CONFIRMED, outcome, detail, !diedWithUs(launch));
  }

  /** Lost while we were away: the attempt died with the control plane. */
  private boolean diedWithUs(LaunchRecord launch) {
    var lastBeat = lease.run().lastBeatAt().orElse(lease.run().startedAt());
    return lastBeat.isBefore(outlook.watchedSince())
        && now.isBefore(outlook.watchedSince().plusSeconds(launch.leaseSeconds()));
  }

  // ------------------------------------------------------------------ the deadline has passed

  private Verdict silent(LaunchRecord launch) {
    var held = held(launch);
    if (held.isPresent()) {
      return new Leave(held.get());
    }
    if (lease.bound().isEmpty()) {
      return new Fence(
          Reason.NEVER_REGISTERED,
          FenceCause.SILENCE,
          Outcome.NEVER_STARTED,
          "it did not register in time",
          couldRegister(launch));
    }
    var opinion = sight.opinion();
    if (opinion.isEmpty()) {
      return new Ask(Reason.OPINION_OWED);
    }
    return switch (opinion.get()) {
      case RUNNING, STARTING -> said(launch);
      case GONE, STOPPED -> unlessGraceRuns(launch, Reason.SILENT_GONE, opinion.get());
      case UNKNOWN -> unlessGraceRuns(launch, Reason.SILENT_UNKNOWN, opinion.get());
    };
  }

  /** Why silence proves nothing at present. */
  private Optional<Reason> held(LaunchRecord launch) {
    if (outlook.fleet() == Breaker.State.OPEN) {
      return Optional.of(Reason.HELD_BREAKER);
    }
    if (outlook.provider() == Breaker.State.OPEN) {
      return Optional.of(Reason.HELD_PROVIDER);
    }
    if (!now.isBefore(fullLease(launch))) {
      return Optional.empty();
    }
    return Optional.of(
        outlook.heldAgainst().isAfter(outlook.watchedSince())
            ? Reason.HELD_AFTER_BREAKER
            : Reason.HELD_AWAY);
  }

  private Instant fullLease(LaunchRecord launch) {
    return outlook.heldAgainst().plusSeconds(launch.leaseSeconds());
  }

  /** We heard for a full lease before its limit came; else the limit passed while we were deaf. */
  private boolean couldRegister(LaunchRecord launch) {
    return !fullLease(launch).isAfter(launch.expiresAt());
  }

  /** The provider says running: half a lease more, stored once. */
  private Verdict said(LaunchRecord launch) {
    var half = Duration.ofMillis(launch.leaseSeconds() * 500L);
    if (lease.graceEnd().isEmpty()) {
      return new Suspect(Reason.SUSPICION, hardDeadline(launch).plus(half));
    }
    var paused = fullLease(launch).isAfter(lease.deadline().orElseThrow());
    var resumed = fullLease(launch).plus(half);
    var graceEnd =
        paused && resumed.isAfter(lease.graceEnd().get()) ? resumed : lease.graceEnd().get();
    return hasPassed(graceEnd)
        ? silence(launch, Reason.SILENT_RUNNING, "although the provider says running")
        : new Leave(Reason.GRACE_RUNNING);
  }

  /** The deadline; after a pause, the full lease that followed it. */
  private Instant hardDeadline(LaunchRecord launch) {
    var deadline = lease.deadline().orElseThrow();
    var full = fullLease(launch);
    return full.isAfter(deadline) ? full : deadline;
  }

  private Verdict unlessGraceRuns(LaunchRecord launch, Reason why, Sighting opinion) {
    if (lease.graceEnd().isPresent() && !hasPassed(lease.graceEnd().get())) {
      return new Leave(Reason.GRACE_RUNNING);
    }
    return silence(launch, why, "the provider says " + opinion.name().toLowerCase(Locale.ROOT));
  }

  private static Fence silence(LaunchRecord launch, Reason why, String said) {
    return new Fence(
        why,
        FenceCause.SILENCE,
        Outcome.LOST,
        "no heartbeat for the lease of " + launch.leaseSeconds() + " s, " + said,
        true);
  }

  private boolean hasPassed(Instant at) {
    return !at.isAfter(now);
  }
}
