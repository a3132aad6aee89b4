package io.vaultlayer.bench.cost;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * List prices in USD, from one dated table with a source in each line.
 *
 * @param asOf the day on which they were written down
 */
record Prices(String asOf, Map<String, Double> usd) {
  private static final String AS_OF = "2026-11-20";

  /** HTTP API requests of a month that are billed at the first price. */
  static final double FIRST_TIER_REQUESTS = 300e6;

  static Prices table() {
    var usd = new LinkedHashMap<String, Double>();
    try (var table =
        Objects.requireNonNull(Prices.class.getResourceAsStream("prices-" + AS_OF + ".tsv"))) {
      new String(table.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split("\t"))
          .forEach(cells -> {
            if (cells.length != 4 || usd.put(cells[0], Double.valueOf(cells[1])) != null) {
              throw new IllegalStateException("a price is id, usd, unit, source: " + cells[0]);
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Prices(AS_OF, Map.copyOf(usd));
  }

  double of(String id) {
    return Objects.requireNonNull(usd.get(id), id);
  }

  /** What one month's use costs. */
  double month(Bill bill) {
    double sum = 0;
    for (var line : Line.values()) {
      sum += bill.of(line) * of(line.id);
    }
    double above = Math.max(0, bill.of(Line.API_REQUESTS) - FIRST_TIER_REQUESTS);
    return sum - above * (of("apiRequests") - of("apiRequestsAbove300M"));
  }
}
