package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.host.Ending;

/** What an attempt that waits can be told. */
public sealed interface Happening {
  /** The user's process has ended. */
  record Ended(Ending ending) implements Happening {}

  /** The control plane has refused us: the attempt is no longer ours. */
  record Fenced(String message) implements Happening {}

  /** The control plane has seen no step for too long: the training is to be started anew here. */
  record Stalled() implements Happening {}

  /** The host will be taken away. @param at when we heard of it, on the monotonic clock */
  record Notice(int seconds, long at) implements Happening {}

  /** Nobody has heard us for so long that another one must be taken to own the job. */
  record Dead() implements Happening {}
}
