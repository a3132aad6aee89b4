package io.vaultlayer.bench.sim;

import java.util.SplittableRandom;

/**
 * One drawn fault.
 *
 * @param index place in the plan's list; a mask names faults by it
 * @param fromMillis when it begins, {@code toMillis} when it ends (for a moment: how long what it
 *     does lasts)
 * @param target which provider, host, job or function, counted round the ones there are
 * @param strength probability with which it acts, 0 to 1
 */
public record Fault(
    int index, FaultKind kind, long fromMillis, long toMillis, int target, double strength) {

  public long lastsMillis() {
    return toMillis - fromMillis;
  }

  boolean covers(long now) {
    return fromMillis <= now && now < toMillis;
  }

  /** Its own stream: the same whatever other faults there are. */
  SplittableRandom chance(long seed) {
    return Chance.of(seed, "fault", index);
  }
}
