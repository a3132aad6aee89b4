package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The next lease under construction; used by the job machine alone. */
public final class LeaseDraft {
  /**
   * A journal that its projections do not empty means a broken store; it may not grow the item
   * without end.
   */
  static final int MOST_JOURNAL = 32;

  private final Lease base;
  private final JobId job;
  private final long sequence;
  public int epoch;
  public JobState state;
  public boolean armed;
  public Policy policy;
  public Optional<Instant> dueAt;
  public Optional<Instant> deadline;
  public Optional<Instant> graceEnd;
  public Optional<Instant> drainEnd;
  public Optional<Claim> claim;
  public List<LaunchRecord> launches;
  public int nextLaunch;
  public Optional<Integer> bound;
  public Optional<TokenHash> token;
  public Optional<Pointer> pointer;
  public List<Pointer> earlier;
  public Run run;
  public Counters counters;
  public Optional<String> closedBy;
  public Optional<String> reason;
  public Optional<String> detail;
  public Optional<Integer> exitCode;
  public Optional<Instant> endedAt;
  public Optional<ClosedAttempt> closed = Optional.empty();

  /** The machine of the attempt that this write closes may be at fault. */
  public boolean machineSuspect;

  public Optional<Pointer> committed = Optional.empty();
  public Optional<Pointer> condemned = Optional.empty();
  private List<JournalEntry> journal;

  LeaseDraft(Lease base, long sequence) {
    this.base = base;
    this.sequence = sequence;
    job = base.job();
    epoch = base.epoch();
    state = base.state();
    armed = base.armed();
    policy = base.policy();
    dueAt = base.dueAt();
    deadline = base.deadline();
    graceEnd = base.graceEnd();
    drainEnd = base.drainEnd();
    claim = base.claim();
    launches = new ArrayList<>(base.launches());
    nextLaunch = base.nextLaunch();
    bound = base.bound();
    token = base.token();
    pointer = base.pointer();
    earlier = new ArrayList<>(base.earlier());
    run = base.run();
    counters = base.counters();
    closedBy = base.closedBy();
    reason = base.reason();
    detail = base.detail();
    exitCode = base.exitCode();
    endedAt = base.endedAt();
    journal = new ArrayList<>(base.journal());
  }

  /** Replaces the launch with the same number. */
  public void put(LaunchRecord launch) {
    launches.removeIf(l -> l.number() == launch.number());
    launches.add(launch);
  }

  /** Forgets journal entries whose projections are stored. */
  public void settleUpTo(long sequenceNumber) {
    journal.removeIf(e -> e.sequence() <= sequenceNumber);
  }

  /** Decisions whose projections may not be stored yet. */
  public List<JournalEntry> journal() {
    return List.copyOf(journal);
  }

  /** Records this decision; it stands in the item until its projections are stored. */
  public void record(Instant at, Edge edge, String why) {
    if (journal.size() >= MOST_JOURNAL) {
      journal.removeFirst();
    }
    journal.add(
        new JournalEntry(
            sequence,
            at,
            base.epoch(),
            base.state(),
            state,
            edge,
            why,
            closed,
            committed,
            condemned,
            List.of()));
  }

  /** Says what follows from the decision that this draft records, if it records one. */
  public void follow(List<String> effects) {
    journal.replaceAll(e -> e.sequence() == sequence ? e.followedBy(effects) : e);
  }

  public Lease build() {
    while (earlier.size() > policy.keepLast() - 1) {
      earlier.removeLast();
    }
    return new Lease(
        job,
        sequence,
        epoch,
        state,
        armed,
        policy,
        dueAt,
        deadline,
        graceEnd,
        drainEnd,
        claim,
        launches,
        nextLaunch,
        bound,
        token,
        pointer,
        earlier,
        run,
        counters,
        closedBy,
        reason,
        detail,
        exitCode,
        endedAt,
        journal);
  }
}
