package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.report.Bench;
import java.util.LinkedHashMap;
import java.util.Map;

/** The figures as one document and as a table. */
final class Report {
  private Report() {}

  static Map<String, Object> document(Measured m) {
    var document = new LinkedHashMap<String, Object>();
    var classes = new LinkedHashMap<String, Object>();
    m.deaths.forEach((how, f) -> {
      var row = new LinkedHashMap<String, Object>();
      row.put("deaths", f.count());
      row.put("meanSeconds", Bench.rounded(f.mean()));
      row.put("p50Seconds", Bench.rounded(f.quantile(0.5)));
      row.put("p99Seconds", Bench.rounded(f.quantile(0.99)));
      row.put("maxSeconds", Bench.rounded(f.quantile(1)));
      row.put("unfenced", m.seen.get(how).unfenced());
      row.put("breakerOpenings", m.seen.get(how).breakerOpenings());
      classes.put(how.field, row);
    });
    document.put("classes", classes);
    document.put(
        "falseFencesPerInstanceMonth", Bench.rounded(m.worst(Trainer.Tries.ONE).perMonth()));
    document.put("falseFencesInOutage", m.outageFences());
    var silences = new LinkedHashMap<String, Object>();
    m.silences.forEach((name, s) -> {
      var row = new LinkedHashMap<String, Object>();
      row.put("perInstanceMonth", Bench.rounded(s.perMonth()));
      row.put("atMost95", Bench.rounded(s.perMonthAtMost()));
      row.put("instanceMonths", Bench.rounded(s.instanceMonths()));
      row.put("runsPlayed", s.runs());
      row.put("fences", s.fences());
      silences.put(name, row);
    });
    document.put("falseFences", silences);
    document.put(
        "falseFencesPlayedPlainly",
        Map.of("instanceMonths", m.plainMonths, "fences", m.plainFences));
    var outages = new LinkedHashMap<String, Object>();
    for (var o : m.outages) {
      outages.put(
          o.kind().field,
          Map.of(
              "jobs", o.jobs(),
              "falseFences", o.falseFences(),
              "breakerOpenings", o.breakerOpenings(),
              "trainingAfter", o.training()));
    }
    document.put("outages", outages);
    var notices = new LinkedHashMap<String, Object>();
    for (var n : m.notices) {
      notices.put(
          Integer.toString(n.noticeSeconds()),
          Map.of(
              "notices", n.notices(),
              "replacementInTimeShare", Bench.rounded(n.share()),
              "askedAfterMeanSeconds", Bench.rounded(n.askedAfter().mean()),
              "askedAfterP99Seconds", Bench.rounded(n.askedAfter().quantile(0.99))));
    }
    document.put("reclaimNotices", notices);
    return document;
  }

  static String table(Measured m) {
    var text = new StringBuilder();
    line(
        text,
        "%-34s %8s %8s %8s %8s %8s",
        "death to fence, seconds",
        "deaths",
        "mean",
        "p50",
        "p99",
        "max");
    m.deaths.forEach((how, f) ->
        line(
            text,
            "%-34s %8d %8.2f %8.2f %8.2f %8.2f",
            how.field,
            f.count(),
            f.mean(),
            f.quantile(0.5),
            f.quantile(0.99),
            f.quantile(1)));
    line(
        text,
        "%n%-60s %10s %10s %10s",
        "false fences per instance-month, 1 % of beats lost",
        "rate",
        "95 % at most",
        "months");
    m.silences.forEach((name, s) ->
        line(
            text,
            "%-60s %10.3g %10.3g %10.3g",
            name,
            s.perMonth(),
            s.perMonthAtMost(),
            s.instanceMonths()));
    if (m.plainMonths > 0) {
      line(
          text,
          "every beat played, one try, provider silent: %d in %s instance-months",
          m.plainFences,
          m.plainMonths);
    }
    line(
        text,
        "%n%-34s %8s %8s %8s %8s",
        "ten minutes of outage",
        "jobs",
        "fenced",
        "breaker",
        "train");
    m.outages.forEach(o ->
        line(
            text,
            "%-34s %8d %8d %8d %8d",
            o.kind().field,
            o.jobs(),
            o.falseFences(),
            o.breakerOpenings(),
            o.training()));
    line(
        text,
        "%n%-34s %8s %8s %8s %8s",
        "reclaim notice",
        "notices",
        "in time",
        "asked",
        "asked p99");
    m.notices.forEach(n ->
        line(
            text,
            "%-34s %8d %7.1f%% %8.2f %8.2f",
            n.noticeSeconds() + " s",
            n.notices(),
            100 * n.share(),
            n.askedAfter().mean(),
            n.askedAfter().quantile(0.99)));
    return text.toString();
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(format.formatted(values)).append('\n');
  }
}
