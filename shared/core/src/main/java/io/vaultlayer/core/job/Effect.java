package io.vaultlayer.core.job;

/**
 * What follows from a written decision. Performed after the write; whatever is lost, the sweep
 * finds from the state.
 */
public sealed interface Effect {
  /** Publish a lifecycle event of this detail type about the job. */
  record Announce(String detailType) implements Effect {}

  /** Look at this instance now: it may be owed a terminate. */
  record Reap(String label) implements Effect {}

  /** A job is live: let the watchdog tick. */
  record Watch() implements Effect {}

  /** Store the final projections and clear the due time. */
  record Settle() implements Effect {}

  /** In a word or two, for the record of the decision. */
  default String told() {
    return switch (this) {
      case Announce announce -> "announce " + announce.detailType();
      case Reap reap -> "reap " + reap.label();
      case Watch _ -> "watch";
      case Settle _ -> "settle";
    };
  }
}
