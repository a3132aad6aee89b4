package io.vaultlayer.core.money;

import io.vaultlayer.core.lease.Fields;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A job's money in USD. What is reserved for a launch is released once, in the write that confirms
 * its instance gone; the real cost is then booked as spent.
 *
 * @param reserved by instance label
 * @param ungrantedUsd sum of what was booked although nobody granted it: instances that came back
 *     or were made twice, and costs above their reservation. It only grows; the budget may be
 *     exceeded by this much and no more
 */
public record Money(
    Optional<Double> budgetUsd,
    double spentUsd,
    Map<String, Double> reserved,
    double ungrantedUsd) {
  /** Sums of dollars in binary fractions may be off by so much. */
  public static final double ROUNDING = 1e-6;

  public Money {
    reserved = Map.copyOf(reserved);
  }

  public static Money fresh(Optional<Double> budget) {
    return new Money(budget, 0, Map.of(), 0);
  }

  /** True when the budget has room for this much more. */
  public boolean affords(double usd) {
    return usd <= leftUsd() + 1e-9;
  }

  /**
   * What the budget still covers; infinite without one, below 0 where more was booked than granted.
   */
  public double leftUsd() {
    return budgetUsd.map(b -> b - spentUsd - reservedUsd()).orElse(Double.POSITIVE_INFINITY);
  }

  /** True when more was granted than the budget has: INV-9 is broken. */
  public boolean isOverGranted() {
    return budgetUsd.isPresent()
        && spentUsd + reservedUsd() > budgetUsd.get() + ungrantedUsd + ROUNDING;
  }

  public double reservedUsd() {
    return reserved.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Grants a reservation; ask {@link #affords} first. */
  public Money reserve(String label, double usd) {
    return with(spentUsd, label, Optional.of(usd), 0);
  }

  /** Grants so much more for a label that has a reservation; ask {@link #affords} first. */
  public Money extend(String label, double usd) {
    return reserve(label, reserved.getOrDefault(label, 0.0) + usd);
  }

  /** Books what is there without a grant: the reservation becomes this much, budget or not. */
  public Money hold(String label, double usd) {
    return with(spentUsd, label, Optional.of(usd), beyond(label, usd));
  }

  /** Releases the label's reservation and books what it really cost; nothing the second time. */
  public Money settle(String label, double usd) {
    return reserved.containsKey(label)
        ? with(spentUsd + usd, label, Optional.empty(), beyond(label, usd))
        : this;
  }

  /** Books a cost beside all reservations, granted by nobody. */
  public Money spend(double usd) {
    return new Money(budgetUsd, spentUsd + usd, reserved, ungrantedUsd + usd);
  }

  /** What so much would be above the label's reservation. */
  public double beyond(String label, double usd) {
    return Math.max(0, usd - reserved.getOrDefault(label, 0.0));
  }

  private Money with(double spent, String label, Optional<Double> held, double ungranted) {
    var map = new TreeMap<>(reserved);
    map.remove(label);
    held.ifPresent(usd -> map.put(label, usd));
    return new Money(budgetUsd, spent, map, ungrantedUsd + ungranted);
  }

  public Map<String, Object> attributes() {
    return Fields.fresh()
        .put("budget", budgetUsd, n -> n)
        .put("spent", spentUsd)
        .put("reserved", new LinkedHashMap<String, Object>(reserved))
        .put("ungranted", ungrantedUsd)
        .map();
  }

  public static Money parse(Map<String, Object> attributes) {
    var f = Fields.of(attributes);
    var reserved = new TreeMap<String, Double>();
    f.maybeFields("reserved")
        .ifPresent(r -> r.map().keySet().forEach(k -> reserved.put(k, r.decimal(k))));
    return new Money(
        f.maybeDecimal("budget"),
        f.decimal("spent"),
        reserved,
        f.maybeDecimal("ungranted").orElse(0.0));
  }
}
