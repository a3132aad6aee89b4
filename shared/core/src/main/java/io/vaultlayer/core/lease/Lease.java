package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The lease item: the one small record per job that all ownership goes through. Every change is one
 * conditional write on {@link #sequence}, so operations on a job serialise.
 *
 * @param armed the work directory was seen, the job may be placed
 * @param dueAt the sweep acts on the job then (placing, waiting, recovering, settling)
 * @param deadline no accepted agent operation by then is silence; for an unregistered launch its
 *     limit
 * @param graceEnd stored by a suspicion; never restarted for the same silence
 * @param launches open or bound launches of the current epoch, and a declared successor of the next
 * @param bound number of the launch that registered
 * @param token hash of the attempt token that owns the current epoch
 * @param earlier committed before the pointer, newest first, at most {@value #MOST_EARLIER}
 * @param closedBy id of the write that closed the last epoch, by which its writer recognises it
 * @param journal decisions whose projections may not be stored yet
 */
public record Lease(
    JobId job,
    long sequence,
    int epoch,
    JobState state,
    boolean armed,
    Policy policy,
    Optional<Instant> dueAt,
    Optional<Instant> deadline,
    Optional<Instant> graceEnd,
    Optional<Instant> drainEnd,
    Optional<Claim> claim,
    List<LaunchRecord> launches,
    int nextLaunch,
    Optional<Integer> bound,
    Optional<TokenHash> token,
    Optional<Pointer> pointer,
    List<Pointer> earlier,
    Run run,
    Counters counters,
    Optional<String> closedBy,
    Optional<String> reason,
    Optional<String> detail,
    Optional<Integer> exitCode,
    Optional<Instant> endedAt,
    List<JournalEntry> journal) {

  /** Retention never deletes the newest two; a few more let a condemn step back further. */
  public static final int MOST_EARLIER = 6;

  public Lease {
    launches = List.copyOf(launches);
    earlier = List.copyOf(earlier);
    journal = List.copyOf(journal);
    if (epoch < 1 || sequence < 1) {
      throw new IllegalArgumentException("epoch and sequence start at 1");
    }
    if (state.isFinal() && token.isPresent()) {
      throw new IllegalArgumentException("INV-12: a final state has no token");
    }
    if (state.isFinal() && reason.isEmpty() && state != JobState.SUCCEEDED) {
      throw new IllegalArgumentException("a final state has a reason");
    }
    if (!state.isFinal() && dueAt.isEmpty() && deadline.isEmpty()) {
      throw new IllegalArgumentException(
          "INV-6: a job that has not ended has a time at which the sweep acts");
    }
  }

  /** The launch that owns the current epoch, if one has registered. */
  public Optional<LaunchRecord> boundLaunch() {
    return bound.flatMap(this::launch);
  }

  public Optional<LaunchRecord> launch(int number) {
    return launches.stream().filter(l -> l.number() == number).findFirst();
  }

  /** The bound launch, else the newest open one of the current epoch. */
  public Optional<LaunchRecord> currentLaunch() {
    return boundLaunch()
        .or(() -> launches.stream().filter(l -> l.epoch() == epoch).reduce((a, b) -> b));
  }

  /** The launch that was declared for the next epoch while this one drains. */
  public Optional<LaunchRecord> successor() {
    return launches.stream().filter(l -> l.epoch() == epoch + 1).findFirst();
  }

  /** Ended, and nothing is owed any more: only a resume changes it from now on. */
  public boolean isSettled() {
    return state.isFinal() && dueAt.isEmpty();
  }

  /** A copy to change; {@link LeaseDraft#build} adds 1 to the sequence. */
  public LeaseDraft edit() {
    return draftAt(sequence + 1);
  }

  /**
   * A copy to change that is built under this sequence: for a lease that is looked at, compared or
   * explored. What is written comes from {@link #edit}.
   */
  public LeaseDraft draftAt(long otherSequence) {
    return new LeaseDraft(this, otherSequence);
  }

  /** The same lease, its decisions told: what is decided next does not write them again. */
  public Lease withoutJournal() {
    var draft = draftAt(sequence);
    draft.settleUpTo(Long.MAX_VALUE);
    return draft.build();
  }
}
