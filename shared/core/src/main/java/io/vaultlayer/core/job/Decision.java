package io.vaultlayer.core.job;

import io.vaultlayer.core.lease.Lease;
import java.util.List;

/** What the job machine makes of an event. */
public sealed interface Decision {
  /**
   * The move is allowed: write {@code next} on the condition that the sequence is still the one
   * decided on, then perform the effects.
   */
  record Accepted(Edge edge, Lease next, List<Effect> effects) implements Decision {}

  /**
   * The caller's own earlier write is there, found by its effect; answer as if it had just been
   * accepted.
   */
  record Recognised(Lease lease) implements Decision {}

  /** Nothing is done, and this is why. */
  record Ignored(Why why) implements Decision {}
}
