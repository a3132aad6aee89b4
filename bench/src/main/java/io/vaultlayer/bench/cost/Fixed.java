package io.vaultlayer.bench.cost;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a month costs whatever happens in it, in USD. */
final class Fixed {
  /** The stack's own: it makes no secret and no alarm. Each provider's key will be one secret. */
  private static final int SECRETS = 0;

  private static final int ALARMS = 0;

  /** All metrics with all values of their dimensions, if each is told in every hour. */
  private static final int METRICS = 9 + 6;

  /** A table's key is asked for again after five minutes, by each of the busy functions. */
  private static final double KEY_REQUESTS_PER_HOUR = 12 * 3.0;

  private Fixed() {}

  static Map<String, Double> lines(Prices prices) {
    var lines = new LinkedHashMap<String, Double>();
    lines.put("secrets", SECRETS * prices.of("secrets"));
    lines.put("alarms", ALARMS * prices.of("alarms"));
    lines.put("kms", 0.0);
    lines.put("metrics", 0.0);
    lines.put("logStorage", 0.0);
    return lines;
  }

  /** With the template's parameter {@code Extras} on. */
  static Map<String, Double> extras(Prices prices) {
    var lines = new LinkedHashMap<String, Double>();
    lines.put("metrics", METRICS * prices.of("customMetrics"));
    lines.put(
        "kms",
        Deployment.TABLES
            * KEY_REQUESTS_PER_HOUR
            * Figures.HOURS_PER_MONTH
            * prices.of("kmsRequests"));
    return lines;
  }
}
