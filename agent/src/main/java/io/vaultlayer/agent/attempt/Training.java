package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.checkpoint.CheckpointPipeline;

/** What goes on beside the user's program while it runs. */
record Training(CheckpointPipeline pipeline, Saves saves) {}
