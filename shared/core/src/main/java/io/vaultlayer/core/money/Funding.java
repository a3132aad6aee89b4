package io.vaultlayer.core.money;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How long a launch may be paid for with what its job's budget still covers; pure. Money is
 * reserved for a horizon and some slack for the teardown, so that what is spent by the time the
 * instance is gone was reserved before.
 */
public final class Funding {
  /** Longer binds money that another launch of the job could use; shorter writes more often. */
  public static final Duration LONGEST = Duration.ofHours(1);

  /** Shorter than this nothing is learned that a boot and a restore would not eat. */
  public static final Duration SHORTEST = Duration.ofMinutes(5);

  /** From the end of the money to the instance gone: one look, one terminate, one list. */
  public static final Duration TEARDOWN = Duration.ofMinutes(2);

  /** Money is renewed when less than this is left: several looks fit in. */
  public static final Duration RENEW_BEFORE = Duration.ofMinutes(5);

  private static final double MILLIS_PER_HOUR = 3_600_000;

  private Funding() {}

  /**
   * @param usd to be reserved, in addition to what is
   * @param until the launch is paid for up to then
   */
  public record Grant(double usd, Instant until) {}

  /**
   * For a launch that is about to be created.
   *
   * @param leftUsd what the budget still covers
   * @return empty when that is less than the shortest horizon and the teardown cost
   */
  public static Optional<Grant> first(double leftUsd, double usdPerHour, Instant now) {
    var affordable = affordable(leftUsd, usdPerHour).minus(TEARDOWN);
    if (affordable.compareTo(SHORTEST) < 0) {
      return Optional.empty();
    }
    var horizon = shorter(affordable, LONGEST);
    return Optional.of(new Grant(cost(horizon.plus(TEARDOWN), usdPerHour), now.plus(horizon)));
  }

  /**
   * For a launch whose money ends soon. Its teardown is paid already.
   *
   * @return empty when no later end can be paid that is still to come
   */
  public static Optional<Grant> renewal(
      double leftUsd, double usdPerHour, Instant fundedUntil, Instant now) {
    var wanted = Duration.between(fundedUntil, now.plus(LONGEST));
    var horizon = shorter(affordable(leftUsd, usdPerHour), wanted);
    var until = fundedUntil.plus(horizon);
    return horizon.compareTo(Duration.ofMinutes(1)) < 0 || !until.isAfter(now)
        ? Optional.empty()
        : Optional.of(new Grant(cost(horizon, usdPerHour), until));
  }

  /** What so much time costs. */
  public static double cost(Duration time, double usdPerHour) {
    return usdPerHour * time.toMillis() / MILLIS_PER_HOUR;
  }

  /** Whole seconds, so that rounding never reserves more than there is. */
  private static Duration affordable(double leftUsd, double usdPerHour) {
    double seconds = Math.floor(Math.max(0, leftUsd) / usdPerHour * 3600);
    return Duration.ofSeconds((long) Math.min(seconds, LONGEST.multipliedBy(1000).toSeconds()));
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
