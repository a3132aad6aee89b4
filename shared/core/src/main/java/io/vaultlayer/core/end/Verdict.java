package io.vaultlayer.core.end;

/** What an end means for the attempt. */
public sealed interface Verdict {
  /** It ended by itself with 0: setup is done, or the job is once everything is stored. */
  record Done() implements Verdict {}

  /** The user's failure; not retried. {@code reason} is a stable code. */
  record Failed(String reason) implements Verdict {}

  /** Taken away, or asked for another start; retried, here if the host is sound. */
  record Lost(String why) implements Verdict {}

  /** It was told to stop: whatever it made of that, the job goes on elsewhere. */
  record Reclaimed() implements Verdict {}

  /** GPU or host is broken; retried elsewhere. */
  record Unhealthy(String why) implements Verdict {}
}
