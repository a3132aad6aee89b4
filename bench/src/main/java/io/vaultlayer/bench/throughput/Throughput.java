package io.vaultlayer.bench.throughput;

import io.vaultlayer.bench.plane.Checkpoint;
import io.vaultlayer.bench.report.Bench;
import io.vaultlayer.bench.report.Bench.Promise;
import io.vaultlayer.local.store.SqliteStore;
import io.vaultlayer.local.template.Template;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** {@code bench/throughput}: see docs/benchmarks.md. */
public final class Throughput {
  private static final String USAGE =
      """
      bench/throughput [--jobs N] [--quick] [--json]

      Heartbeats and commits in a second through the real handlers on the embedded store (SQLite,
      full sync), beside the commits that the disk allows in the same run; and what one decision of
      the job machine costs, under JMH.

        --jobs N   that beat, 16 to 5000 (default 200, with --quick 50)
        --quick    about a minute
        --json     one document on stdout

      example: bench/throughput --quick\
      """;

  /**
   * A heartbeat is one commit; what is less than this share of the raw ones is lost in our code.
   */
  private static final double LEAST_RATIO = 0.15;

  private static final int[] CALLERS = {1, 4, 16};

  private final StoredPlane plane;
  private final List<StoredPlane.Running> jobs = new ArrayList<>();
  private final AtomicLong numbers = new AtomicLong();

  private Throughput(StoredPlane plane) {
    this.plane = plane;
  }

  public static void main(String[] arguments) throws Exception {
    Bench.main(
        arguments,
        List.of("--jobs"),
        USAGE,
        options -> {
          boolean quick = options.has("--quick");
          int count = (int) options.number("--jobs", quick ? 50 : 200, 16, 5000);
          return measure(count, quick);
        });
  }

  private static Bench.Result measure(int count, boolean quick) throws InterruptedException {
    long millis = quick ? 1500 : 6000;
    var home = home();
    try (var store =
        SqliteStore.open(
            home.resolve("store.db"),
            List.of(
                new Template.Table("leases", "arn:leases", true, false),
                new Template.Table("jobs", "arn:jobs", true, true),
                new Template.Table("instances", "arn:instances", true, false),
                new Template.Table("ended", "arn:ended", true, false)))) {
      var bench = new Throughput(new StoredPlane(store));
      for (int i = 0; i < count; i++) {
        bench.jobs.add(bench.plane.run());
      }
      System.err.println("throughput: " + count + " jobs run");
      bench.beats(4, millis / 2);
      var raw = new ArrayList<Double>();
      var beats = new ArrayList<Load.Seen>();
      var commits = new ArrayList<Load.Seen>();
      for (int callers : CALLERS) {
        raw.add(Disk.commitsPerSecond(home.resolve("raw.db"), millis / 2));
        beats.add(bench.beats(callers, millis));
        raw.add(Disk.commitsPerSecond(home.resolve("raw.db"), millis / 2));
        commits.add(bench.commits(callers, millis));
      }
      raw.add(Disk.commitsPerSecond(home.resolve("raw.db"), millis / 2));
      System.err.println("throughput: decisions");
      return result(median(raw), beats, commits, Decisions.measure(quick));
    } finally {
      remove(home);
    }
  }

  private Load.Seen beats(int callers, long millis) throws InterruptedException {
    return Load.run(
        callers,
        millis,
        number -> {
          var turn = new AtomicLong();
          return () -> {
            var job = own(number, callers, turn.getAndIncrement());
            var body =
                Map.of(
                    "beat",
                    numbers.incrementAndGet(),
                    "phase",
                    "running",
                    "step",
                    numbers.get(),
                    "firstStep",
                    1,
                    "loss",
                    0.5);
            return () -> plane.agent(job.job(), "heartbeat", job.token(), body);
          };
        });
  }

  private Load.Seen commits(int callers, long millis) throws InterruptedException {
    return Load.run(
        callers,
        millis,
        number -> {
          var turn = new AtomicLong();
          return () -> {
            var job = own(number, callers, turn.getAndIncrement());
            var body =
                Checkpoint.put(
                    plane.bucket, job.job(), 1, numbers.incrementAndGet(), "2026-01-01T00:00:00Z");
            return () -> plane.agent(job.job(), "commit", job.token(), body);
          };
        });
  }

  /** Each caller has jobs of its own, as each agent has. */
  private StoredPlane.Running own(int caller, int callers, long turn) {
    return jobs.get(caller + callers * (int) (turn % (jobs.size() / callers)));
  }

  private static Bench.Result result(
      double raw, List<Load.Seen> beats, List<Load.Seen> commits, Map<String, double[]> nanos) {
    var rows = new ArrayList<Map<String, Object>>();
    var table = new StringBuilder();
    table.append("%-32s %10.0f a second%n".formatted("raw commits, full sync, one writer", raw));
    table.append(
        "%n%-12s %8s %12s %10s %10s %12s%n"
            .formatted("handler", "callers", "a second", "p50 ms", "p99 ms", "of the raw"));
    add(rows, table, "heartbeat", beats, raw);
    add(rows, table, "commit", commits, raw);
    table.append("%n%-28s %12s %12s%n".formatted("one decision", "ns", "+-"));
    var decisions = new LinkedHashMap<String, Object>();
    nanos.forEach((event, ns) -> {
      table.append("%-28s %12.0f %12.0f%n".formatted(event, ns[0], ns[1]));
      decisions.put(event, Map.of("nanos", Bench.rounded(ns[0]), "error", Bench.rounded(ns[1])));
    });
    var document = new LinkedHashMap<String, Object>();
    document.put("rawCommitsPerSecond", Bench.rounded(raw));
    document.put("rows", rows);
    document.put("decisionNanos", decisions);
    double best = beats.stream().mapToDouble(Load.Seen::perSecond).max().orElse(0) / raw;
    return new Bench.Result(
        document,
        table.toString(),
        List.of(Promise.atLeast("heartbeats for each raw commit", best, LEAST_RATIO)));
  }

  private static void add(
      List<Map<String, Object>> rows,
      StringBuilder table,
      String handler,
      List<Load.Seen> seen,
      double raw) {
    for (var load : seen) {
      var row = new LinkedHashMap<String, Object>();
      row.put("handler", handler);
      row.put("callers", load.callers());
      row.put("perSecond", Bench.rounded(load.perSecond()));
      row.put("p50Millis", Bench.rounded(load.p50Millis()));
      row.put("p99Millis", Bench.rounded(load.p99Millis()));
      row.put("ratioToRawCommits", Bench.rounded(load.perSecond() / raw));
      rows.add(row);
      table.append(
          "%-12s %8d %12.0f %10.2f %10.2f %12.2f%n"
              .formatted(
                  handler,
                  load.callers(),
                  load.perSecond(),
                  load.p50Millis(),
                  load.p99Millis(),
                  load.perSecond() / raw));
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static Path home() {
    try {
      return Files.createTempDirectory("vaultlayer-throughput");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void remove(Path home) {
    try (var files = Files.walk(home)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      System.err.println("throughput: " + home + " could not be removed: " + e.getMessage());
    }
  }
}
