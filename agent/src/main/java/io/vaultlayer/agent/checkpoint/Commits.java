package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.AttemptApi;

/** The two calls that the pipeline makes to the control plane. Each returns within its timeout. */
public interface Commits {
  CommitResult commit(AttemptApi.Commit commit);

  /** Tells the user of a checkpoint that is not committed, and why; may be lost. */
  void hold(AttemptApi.Hold hold);
}
