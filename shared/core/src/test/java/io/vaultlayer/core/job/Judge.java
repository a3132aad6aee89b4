package io.vaultlayer.core.job;

import io.vaultlayer.core.reap.Look;
import io.vaultlayer.core.reap.Verdict;

/** The reaper's decision, or one with a fault planted in it. */
@FunctionalInterface
interface Judge {
  Verdict decide(Look look);
}
