package io.vaultlayer.core.watch;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.job.Outcome;
import java.time.Instant;

/** What one look at one lease comes to. */
public sealed interface Verdict {
  Reason reason();

  /** Nothing is done, and the reason says why. */
  record Leave(Reason reason) implements Verdict {}

  /** The provider is asked about this instance, and the lease is looked at again. */
  record Ask(Reason reason) implements Verdict {}

  record Extend(Reason reason, Instant until) implements Verdict {}

  record Suspect(Reason reason, Instant graceEnd) implements Verdict {}

  /**
   * @param counts false when the loss was our own fault, so that it must not count against the job
   */
  record Fence(Reason reason, FenceCause cause, Outcome outcome, String detail, boolean counts)
      implements Verdict {}

  /** Marks the attempt as stalled, by which the agent is asked to restart in place. */
  record Stall(Reason reason, String detail) implements Verdict {}

  /** The user's own deadline ends the job. */
  record Stop(Reason reason) implements Verdict {}
}
