package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One decision that was written, kept in the lease item until its projections (attempt rows, commit
 * records, explain) are stored. It is written in the deciding write itself, so nothing that
 * happened can be forgotten.
 *
 * @param effects what followed from it, in a word or two each; empty for what a release before
 *     recorded
 */
public record JournalEntry(
    long sequence,
    Instant at,
    int epoch,
    JobState from,
    JobState to,
    Edge edge,
    String reason,
    Optional<ClosedAttempt> closed,
    Optional<Pointer> committed,
    Optional<Pointer> condemned,
    List<String> effects) {
  public JournalEntry {
    effects = List.copyOf(effects);
  }

  JournalEntry followedBy(List<String> told) {
    return new JournalEntry(
        sequence, at, epoch, from, to, edge, reason, closed, committed, condemned, told);
  }
}
