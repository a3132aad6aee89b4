package io.vaultlayer.agent.planted;

import io.vaultlayer.cli.planted.JobManager;

/** Breaks the rule that the agent knows wire and core only. */
public record UsesTheCli(JobManager manager) {}
