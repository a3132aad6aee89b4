package io.vaultlayer.functions.state;

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
 */
public record Money(Optional<Double> budgetUsd, double spentUsd, Map<String, Double> reserved) {
  public Money {
    reserved = Map.copyOf(reserved);
  }

  static Money fresh(Optional<Double> budget) {
    return new Money(budget, 0, Map.of());
  }

  /** True when the budget has room for this much more. */
  public boolean affords(double usd) {
    return budgetUsd.isEmpty() || spentUsd + reservedUsd() + usd <= budgetUsd.get() + 1e-9;
  }

  public double reservedUsd() {
    return reserved.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  public Money reserve(String label, double usd) {
    var map = new TreeMap<>(reserved);
    map.put(label, usd);
    return new Money(budgetUsd, spentUsd, map);
  }

  /** Releases the label's reservation and books what it really cost; nothing the second time. */
  public Money settle(String label, double usd) {
    if (!reserved.containsKey(label)) {
      return this;
    }
    var map = new TreeMap<>(reserved);
    map.remove(label);
    return new Money(budgetUsd, spentUsd + usd, map);
  }

  Map<String, Object> attributes() {
    return Fields.fresh()
        .put("budget", budgetUsd, n -> n)
        .put("spent", spentUsd)
        .put("reserved", new LinkedHashMap<String, Object>(reserved))
        .map();
  }

  static Money parse(Map<String, Object> attributes) {
    var f = Fields.of(attributes);
    var reserved = new TreeMap<String, Double>();
    f.maybeFields("reserved")
        .ifPresent(r -> r.map().keySet().forEach(k -> reserved.put(k, r.decimal(k))));
    return new Money(f.maybeDecimal("budget"), f.decimal("spent"), reserved);
  }
}
