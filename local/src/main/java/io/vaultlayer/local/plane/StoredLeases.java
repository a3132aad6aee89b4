package io.vaultlayer.local.plane;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.local.bucket.AttemptLiveness;
import java.util.Optional;

/** Looks at the stored lease, as every decision does. */
final class StoredLeases implements AttemptLiveness {
  /** The template's name of the table that all ownership goes through. */
  static final String TABLE = "Leases";

  /** And of the one in which the leases of ended jobs lie. */
  private static final String ENDED = "Ended";

  private final Store store;

  StoredLeases(Store store) {
    this.store = store;
  }

  Optional<Lease> find(JobId job) {
    return live(job).or(() -> store.get(ENDED, LeaseCodec.key(job)).map(LeaseCodec::parse));
  }

  private Optional<Lease> live(JobId job) {
    return store.get(TABLE, LeaseCodec.key(job)).map(LeaseCodec::parse);
  }

  /** A lease without a token belongs to nobody, whatever its epoch. */
  @Override
  public boolean isLive(JobId job, int epoch) {
    return live(job).filter(l -> l.epoch() == epoch && l.token().isPresent()).isPresent();
  }
}
