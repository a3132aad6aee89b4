package io.vaultlayer.core.job;

import io.vaultlayer.core.lease.Lease;

/** The job machine, or one with a fault planted in it. */
@FunctionalInterface
interface Machine {
  Decision decide(Lease lease, JobEvent event);
}
