package io.vaultlayer.agent.checkpoint;

/** What the control plane made of a commit. */
public sealed interface CommitResult {
  /** The pointer is this checkpoint, or a later one of this attempt. */
  record Committed() implements CommitResult {}

  /** The pointer's step is not below this one's; nothing changed. */
  record StepNotNewer() implements CommitResult {}

  /** The epoch is closed; this attempt stores nothing more. */
  record Fenced() implements CommitResult {}

  /** The control plane looked at the bucket and did not find what the manifest says. */
  record Unverified(String detail) implements CommitResult {}

  /** No answer; the commit may have happened, and repeating it is safe. */
  record Unavailable(String detail) implements CommitResult {}
}
