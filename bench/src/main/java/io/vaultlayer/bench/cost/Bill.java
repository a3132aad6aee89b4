package io.vaultlayer.bench.cost;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/** How much was used of each line. */
record Bill(Map<Line, Double> used) {
  static final Bill NOTHING = new Bill(Map.of());

  Bill {
    used = Map.copyOf(used);
  }

  double of(Line line) {
    return used.getOrDefault(line, 0.0);
  }

  Bill plus(Bill other) {
    return with(other, Double::sum);
  }

  Bill minus(Bill other) {
    return with(other, (a, b) -> a - b);
  }

  Bill times(double factor) {
    return with(NOTHING, (a, b) -> a * factor);
  }

  private Bill with(Bill other, DoubleBinaryOperator operation) {
    var result = new EnumMap<Line, Double>(Line.class);
    for (var line : Line.values()) {
      result.put(line, operation.applyAsDouble(of(line), other.of(line)));
    }
    return new Bill(result);
  }

  /** What was used, without what was not. */
  Map<String, Double> document() {
    var document = new LinkedHashMap<String, Double>();
    for (var line : Line.values()) {
      if (of(line) != 0) {
        document.put(line.id, io.vaultlayer.bench.report.Bench.rounded(of(line)));
      }
    }
    return document;
  }
}
