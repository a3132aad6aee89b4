package io.vaultlayer.core.watch;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import java.time.Duration;
import java.time.Instant;

/**
 * Whether a lease is late, long before it expires. At a tick early in an outage of our own only few
 * leases are past their deadline, but nearly all are late: counting the late ones tells an outage
 * from a few deaths before the first false fence.
 */
public final class Lateness {
  /**
   * Intervals without a beat after which a lease counts as late. Less than 2 counts every lost
   * beat; more than 3 is no warning, since a lease is only four intervals long.
   */
  public static final double LATE_BEATS = 2.5;

  private Lateness() {}

  /** An attempt that has registered, so that it owes beats. */
  public static boolean owesBeats(Lease lease) {
    return lease.state().isWatched()
        && lease.deadline().isPresent()
        && lease.boundLaunch().isPresent();
  }

  /**
   * True when nothing was heard for too long while we were watching, that is, after {@code since}.
   */
  public static boolean isLate(Lease lease, Instant since, Instant now) {
    if (!owesBeats(lease)) {
      return false;
    }
    var launch = lease.boundLaunch().orElseThrow();
    var heard = lastHeard(lease, launch);
    var from = heard.isAfter(since) ? heard : since;
    return Duration.between(from, now).compareTo(allowed(launch)) > 0;
  }

  /**
   * When the last accepted operation of the attempt came: each moves the deadline to a lease on.
   */
  static Instant lastHeard(Lease lease, LaunchRecord launch) {
    return lease.deadline().orElseThrow().minusSeconds(launch.leaseSeconds());
  }

  private static Duration allowed(LaunchRecord launch) {
    return Duration.ofMillis(Math.round(launch.beatSeconds() * LATE_BEATS * 1000));
  }
}
