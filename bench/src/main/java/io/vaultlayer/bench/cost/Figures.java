package io.vaultlayer.bench.cost;

import java.util.List;
import java.util.Map;

/** Dollars made of what was counted. */
record Figures(Measured measured, Prices prices) {
  static final double HOURS_PER_MONTH = 730;
  private static final double GB = 1e9;

  /** What DynamoDB adds to each row it keeps. */
  private static final int ROW_OVERHEAD = 100;

  /**
   * @param usdPerMonth all of it, the idle part included
   * @param usdPerInstanceHour without the idle part, which is there anyway
   * @param marginalUsdPerInstanceHour of one more instance in such a fleet
   */
  record Row(
      int instances,
      double usdPerMonth,
      double usdPerInstanceHour,
      double marginalUsdPerInstanceHour,
      Sweep sweep,
      double sweepUsdPerMonth) {}

  double idleUsdPerMonth() {
    return prices.month(measured.idleHour().times(HOURS_PER_MONTH));
  }

  List<Row> rows() {
    return measured.sweeps().stream().map(this::row).toList();
  }

  private Row row(Sweep sweep) {
    int instances = sweep.leases();
    double month = month(instances, sweep);
    double idle = idleUsdPerMonth();
    double more = prices.month(oneMore(sweep).times(HOURS_PER_MONTH));
    return new Row(
        instances,
        month,
        (month - idle) / HOURS_PER_MONTH / instances,
        more / HOURS_PER_MONTH,
        sweep,
        prices.month(sweep.hour().times(HOURS_PER_MONTH)));
  }

  private double month(int instances, Sweep sweep) {
    return prices.month(
        measured
            .liveHour()
            .plus(measured.instanceHour().times(instances))
            .plus(sweep.hour())
            .times(HOURS_PER_MONTH)
            .plus(stored(instances)));
  }

  /** One more instance pays its own calls and its share of the rows that a sweep reads. */
  private Bill oneMore(Sweep sweep) {
    var first = measured.sweeps().getFirst();
    var share =
        sweep == first
            ? Bill.NOTHING
            : sweep.hour().minus(first.hour()).times(1.0 / (sweep.leases() - first.leases()));
    return measured.instanceHour().plus(share).plus(stored(1).times(1 / HOURS_PER_MONTH));
  }

  /** A month of the rows of so many jobs, with the backup of their tables. */
  private Bill stored(int jobs) {
    double gb = jobs * (double) (measured.jobBytes() + ROW_OVERHEAD) / GB;
    return new Bill(Map.of(Line.STORED_GB_MONTHS, gb, Line.BACKUP_GB_MONTHS, gb));
  }

  double usd(Bill bill) {
    return prices.month(bill);
  }
}
