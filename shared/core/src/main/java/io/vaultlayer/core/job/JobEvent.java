package io.vaultlayer.core.job;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import java.time.Instant;
import java.util.Optional;

/**
 * Everything that can happen to a job: the operations of the protocol's table. {@code now} is the
 * control plane's clock.
 */
public sealed interface JobEvent {
  Instant now();

  /** An operation that only the owner of the current epoch may do. */
  sealed interface ByOwner extends JobEvent {
    int epoch();

    TokenHash token();
  }

  // ---- the user's

  /** The work directory's object and digest were seen: the job becomes due. */
  record Start(Instant now) implements JobEvent {}

  /** Not final; any epoch. {@code reason} is a stable code. */
  record Cancel(Instant now, String reason, String detail) implements JobEvent {}

  /** Budget or deadline policy ends the job. */
  record Stop(Instant now, String reason, String detail) implements JobEvent {}

  /**
   * Continues a cancelled, failed or stopped job, if the epoch is still the one that the caller
   * saw.
   */
  record Resume(Instant now, int seenEpoch) implements JobEvent {}

  // ---- the control plane's

  record Claim(Instant now, int epoch, String by, Instant until) implements JobEvent {}

  /**
   * The intent, before the create call. The launch's number must be the lease's next one.
   *
   * @param note what else is worth telling of the choice; may be empty
   */
  record Intend(Instant now, int epoch, String by, LaunchRecord launch, String note)
      implements JobEvent {
    public Intend(Instant now, int epoch, String by, LaunchRecord launch) {
      this(now, epoch, by, launch, "");
    }
  }

  /** The create call's answer, or an adoption by label. */
  record Launched(Instant now, int epoch, int number, String instanceId, String machineId)
      implements JobEvent {}

  /**
   * No place, or the launch {@code number} is closed and made nothing; tried again at {@code
   * retryAt}, which is {@code now} where another place is tried in the same look. While an attempt
   * drains the same is told of its successor, without a claim.
   *
   * @param giveUpAt the job fails when it has no place by then
   */
  record Unplaced(
      Instant now,
      int epoch,
      String by,
      Optional<Integer> number,
      Instant retryAt,
      Instant giveUpAt,
      String reason)
      implements JobEvent {
    /** Without a limit. */
    public Unplaced(
        Instant now,
        int epoch,
        String by,
        Optional<Integer> number,
        Instant retryAt,
        String reason) {
      this(now, epoch, by, number, retryAt, Instant.MAX, reason);
    }
  }

  /** Money for the launch {@code number} of {@code epoch} is reserved up to {@code until}. */
  record Fund(Instant now, int epoch, int number, Instant until) implements JobEvent {}

  record Suspect(Instant now, int epoch, long seenSequence, Instant graceEnd) implements JobEvent {}

  /**
   * The attempt is heard, and its program has made no step for too long: a restart in place is
   * asked for with the next beat.
   *
   * @param detail since when, and how long it may take, in words
   */
  record Stall(Instant now, int epoch, long seenSequence, String detail) implements JobEvent {}

  /** The control plane itself was away, or its breaker is open: the deadline moves. */
  record Extend(Instant now, int epoch, long seenSequence, Instant until, String reason)
      implements JobEvent {}

  /**
   * Ends the epoch from outside.
   *
   * @param seenSequence read before the provider was asked
   * @param fenceId by which the fencer recognises its own write
   * @param cause what is claimed; the machine checks it against the item
   * @param counts false when the loss was our own fault, so that it must not count against the job
   */
  record Fence(
      Instant now,
      int epoch,
      long seenSequence,
      String fenceId,
      FenceCause cause,
      Outcome outcome,
      String detail,
      boolean counts)
      implements JobEvent {}

  /**
   * An intent for epoch+1 while the current attempt drains.
   *
   * @param lookAgain an answer to its create call that is not known by then is looked for
   * @param note what else is worth telling of the choice; may be empty
   */
  record PrepareSuccessor(
      Instant now, int epoch, LaunchRecord launch, Instant lookAgain, String note)
      implements JobEvent {
    public PrepareSuccessor(Instant now, int epoch, LaunchRecord launch, Instant lookAgain) {
      this(now, epoch, launch, lookAgain, "");
    }
  }

  /** A complete, verified, gated manifest of the closed epoch is adopted; control plane only. */
  record Salvage(Instant now, int epoch, Pointer pointer, Optional<Pointer> base)
      implements JobEvent {
    public Salvage(Instant now, int epoch, Pointer pointer) {
      this(now, epoch, pointer, Optional.empty());
    }
  }

  /** The projections of every journal entry up to this sequence are stored. */
  record Settle(Instant now, long upTo) implements JobEvent {}

  // ---- the agent's

  record Register(
      Instant now,
      int epoch,
      int number,
      TokenHash bootstrap,
      TokenHash token,
      String instanceId,
      String machineId)
      implements JobEvent {}

  record Heartbeat(
      Instant now,
      int epoch,
      TokenHash token,
      long beat,
      String phase,
      Optional<Long> step,
      Optional<Long> firstStep,
      Optional<Double> loss,
      Optional<Double> stepsPerSecond,
      Optional<String> gpus)
      implements ByOwner {
    /** Of a host without GPUs. */
    public Heartbeat(
        Instant now,
        int epoch,
        TokenHash token,
        long beat,
        String phase,
        Optional<Long> step,
        Optional<Long> firstStep,
        Optional<Double> loss,
        Optional<Double> stepsPerSecond) {
      this(now, epoch, token, beat, phase, step, firstStep, loss, stepsPerSecond, Optional.empty());
    }
  }

  /** A reclaim notice: the host goes away at {@code drainEnd}. */
  record Reclaim(Instant now, int epoch, TokenHash token, Instant drainEnd) implements ByOwner {}

  /**
   * A checkpoint that the control plane has verified in the bucket.
   *
   * @param base the pointer with whose files it shares some; empty: its files are all its own
   */
  record Commit(Instant now, int epoch, TokenHash token, Pointer pointer, Optional<Pointer> base)
      implements ByOwner {
    public Commit(Instant now, int epoch, TokenHash token, Pointer pointer) {
      this(now, epoch, token, pointer, Optional.empty());
    }
  }

  /**
   * The control plane itself has seen the damage; {@code replacement} is the newest earlier record
   * that verifies.
   */
  record Condemn(
      Instant now,
      int epoch,
      TokenHash token,
      Pointer damaged,
      Optional<Pointer> replacement,
      String problem)
      implements ByOwner {}

  /**
   * The user's process was lost but the host is sound: the next epoch starts on the same instance.
   */
  record NextEpoch(
      Instant now,
      int epoch,
      TokenHash token,
      TokenHash nextToken,
      Outcome outcome,
      String detail,
      Optional<Long> firstStep,
      Optional<Long> lastStep)
      implements ByOwner {}

  /**
   * The attempt's end as its agent reports it.
   *
   * @param outcome SUCCEEDED and FAILED end the job, the others close the epoch
   * @param reason stable code of a failure
   */
  record Exit(
      Instant now,
      int epoch,
      TokenHash token,
      Outcome outcome,
      Optional<Integer> exitCode,
      String reason,
      String detail,
      Optional<Long> firstStep,
      Optional<Long> lastStep)
      implements ByOwner {}
}
