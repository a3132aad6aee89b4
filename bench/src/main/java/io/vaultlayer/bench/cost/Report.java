package io.vaultlayer.bench.cost;

import static io.vaultlayer.bench.report.Bench.rounded;

import io.vaultlayer.bench.report.Bench.Promise;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The figures as a document, as a table and against what is promised. */
final class Report {
  private static final double IDLE_USD_PER_MONTH = 2;
  private static final double USD_PER_INSTANCE_HOUR = 0.0008;

  private final Figures figures;
  private final Measured measured;

  Report(Figures figures) {
    this.figures = figures;
    this.measured = figures.measured();
  }

  List<Promise> promises() {
    var promises = new ArrayList<Promise>();
    promises.add(
        Promise.atMost(
            "USD a month with no live job (requests, compute, storage)",
            figures.idleUsdPerMonth(),
            IDLE_USD_PER_MONTH));
    for (var row : figures.rows()) {
      promises.add(
          Promise.atMost(
              "USD per hour of one more instance, beside " + row.instances(),
              row.marginalUsdPerInstanceHour(),
              USD_PER_INSTANCE_HOUR));
      if (row.instances() > 1) {
        promises.add(
            Promise.atMost(
                "USD per instance-hour at " + row.instances(),
                row.usdPerInstanceHour(),
                USD_PER_INSTANCE_HOUR));
      }
    }
    promises.add(Promise.atMost("write units of a beat", measured.beat().of(Line.WRITE_UNITS), 1));
    return promises;
  }

  Map<String, Object> document() {
    var document = new LinkedHashMap<String, Object>();
    document.put("idleUsdPerMonth", rounded(figures.idleUsdPerMonth()));
    document.put("fixedUsdPerMonth", Fixed.lines(figures.prices()));
    document.put("fixedExtrasUsdPerMonth", Fixed.extras(figures.prices()));
    document.put("rows", figures.rows().stream().map(this::row).toList());
    document.put("sweepGrowth", growth());
    document.put("eventUsd", events());
    document.put("leaseBytes", measured.leaseBytes());
    document.put("jobBytes", measured.jobBytes());
    document.put("beat", measured.beat().document());
    document.put("instanceHour", measured.instanceHour().document());
    document.put("idleHour", measured.idleHour().document());
    document.put("liveHour", measured.liveHour().document());
    document.put("pricesAsOf", figures.prices().asOf());
    document.put("pricesAre", "AWS list, us-east-1, before any free tier");
    return document;
  }

  private Map<String, Object> row(Figures.Row row) {
    var document = new LinkedHashMap<String, Object>();
    document.put("instances", row.instances());
    document.put("usdPerInstanceHour", rounded(row.usdPerInstanceHour()));
    document.put("marginalUsdPerInstanceHour", rounded(row.marginalUsdPerInstanceHour()));
    document.put("usdPerMonth", rounded(row.usdPerMonth()));
    document.put("sweepUsdPerMonth", rounded(row.sweepUsdPerMonth()));
    document.put("sweepSeconds", rounded(row.sweep().seconds()));
    document.put("sweepReadUnits", rounded(row.sweep().tick().of(Line.READ_UNITS)));
    return document;
  }

  /** How many times longer and dearer a sweep is at ten times the leases. */
  private List<Map<String, Object>> growth() {
    var growth = new ArrayList<Map<String, Object>>();
    var rows = figures.rows().stream().filter(r -> r.instances() >= 1000).toList();
    for (int i = 1; i < rows.size(); i++) {
      var less = rows.get(i - 1);
      var more = rows.get(i);
      growth.add(
          Map.of(
              "from", less.instances(),
              "to", more.instances(),
              "seconds", rounded(more.sweep().seconds() / less.sweep().seconds()),
              "usd", rounded(more.sweepUsdPerMonth() / less.sweepUsdPerMonth())));
    }
    return growth;
  }

  private Map<String, Object> events() {
    var document = new LinkedHashMap<String, Object>();
    measured.events().forEach((name, bill) -> document.put(name, rounded(figures.usd(bill))));
    document.put("beat", rounded(figures.usd(measured.beat())));
    return document;
  }

  String table() {
    var text = new StringBuilder();
    text.append(
        "%-12s %14s %14s %14s %14s %12s%n"
            .formatted(
                "instances", "USD/inst-hour", "one more", "USD/month", "sweep USD/mo", "sweep s"));
    for (var row : figures.rows()) {
      text.append(
          "%-12d %14.6f %14.6f %14.2f %14.2f %12.4f%n"
              .formatted(
                  row.instances(),
                  row.usdPerInstanceHour(),
                  row.marginalUsdPerInstanceHour(),
                  row.usdPerMonth(),
                  row.sweepUsdPerMonth(),
                  row.sweep().seconds()));
    }
    text.append("%nidle %.2f USD/month%n".formatted(figures.idleUsdPerMonth()));
    split(text, "one idle hour", measured.idleHour());
    split(text, "one instance-hour, sweep left out", measured.instanceHour());
    measured.events().forEach((name, bill) -> split(text, "once: " + name, bill));
    split(text, "once: beat", measured.beat());
    text.append("%nsweep growth: %s%n".formatted(growth()));
    text.append(
        "a running lease's row %d bytes, all rows of a job after an hour %d%n"
            .formatted(measured.leaseBytes(), measured.jobBytes()));
    Fixed.lines(figures.prices())
        .forEach((name, usd) -> text.append("fixed: %s %.2f USD/month%n".formatted(name, usd)));
    Fixed.extras(figures.prices())
        .forEach(
            (name, usd) -> text.append("with Extras=on: %s %.2f USD/month%n".formatted(name, usd)));
    text.append("prices as of %s\n".formatted(figures.prices().asOf()));
    return text.toString();
  }

  private void split(StringBuilder text, String what, Bill bill) {
    text.append("%n%s: %.7f USD%n".formatted(what, figures.usd(bill)));
    for (var line : Line.values()) {
      if (bill.of(line) > 1e-9) {
        text.append(
            "  %-18s %14.3f %14.9f%n"
                .formatted(line.id, bill.of(line), bill.of(line) * figures.prices().of(line.id)));
      }
    }
  }
}
