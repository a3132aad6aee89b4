package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One figure for each promise, as log lines in CloudWatch's embedded metric format: one JSON object
 * a line, of which CloudWatch makes the metric itself, so no call is made and none can fail.
 * docs/metrics.md says which promise each watches.
 *
 * <p>What follows from a decision is told once, after its write; a decision that was only
 * recognised tells nothing. Dimensions have few values (a cause), never a job: each value of a
 * dimension is a metric of its own and is paid for. The job stands beside as a property.
 */
public final class Metrics {
  static final String NAMESPACE = "VaultLayer";

  /** Every metric with its unit in CloudWatch's words. */
  public enum Metric {
    /** Last sign of life until the fence; by cause. */
    DETECTION_SECONDS("DetectionSeconds", "Seconds"),
    /** Last loss until the user's program runs again. */
    RECOVERY_SECONDS("RecoverySeconds", "Seconds"),
    /** Submission, or resume by the user, until the program runs for the first time. */
    QUEUE_SECONDS("QueueSeconds", "Seconds"),
    FENCED_COMMITS_REFUSED("FencedCommitsRefused", "Count"),
    /** Instances with our label that nobody knew or that had been confirmed gone. */
    LEAKS_FOUND("LeaksFound", "Count"),
    BREAKER_OPENINGS("BreakerOpenings", "Count"),
    STALLS_FOUND("StallsFound", "Count"),
    /** Create calls of which nobody knows whether they made something. */
    LAUNCHES_AMBIGUOUS("LaunchesAmbiguous", "Count"),
    /** What an instance cost beyond its reservation because its end was confirmed late. */
    UNCONFIRMED_USD("UnconfirmedUsd", "None");

    private final String wireName;
    private final String unit;

    Metric(String wireName, String unit) {
      this.wireName = wireName;
      this.unit = unit;
    }

    public String wireName() {
      return wireName;
    }

    public String unit() {
      return unit;
    }
  }

  private final Consumer<String> sink;
  private final InstantSource clock;

  public Metrics(Consumer<String> sink, InstantSource clock) {
    this.sink = sink;
    this.clock = clock;
  }

  /** One more of something that is counted. */
  public void count(Metric metric, Optional<JobId> job) {
    tell(metric, 1, Optional.empty(), job, clock.instant());
  }

  /** How much there is now. */
  public void gauge(Metric metric, double value) {
    tell(metric, value, Optional.empty(), Optional.empty(), clock.instant());
  }

  /** What a decision that was just written says about the promises. */
  void written(Lease before, JobEvent event, Decision.Accepted decision) {
    var now =
        decision.next().journal().stream()
            .reduce((a, b) -> b)
            .map(e -> e.at())
            .orElseGet(clock::instant);
    if (event instanceof JobEvent.Fence fence) {
      var heard = before.run().lastBeatAt().orElse(before.run().startedAt());
      seconds(Metric.DETECTION_SECONDS, heard, now, Optional.of(cause(fence)), before);
    }
    if (stalled(before, decision.next())) {
      count(Metric.STALLS_FOUND, Optional.of(before.job()));
    }
    if (decision.edge() == Edge.PROGRAM_STARTED) {
      var first = before.counters().attempts() == 0;
      seconds(
          first ? Metric.QUEUE_SECONDS : Metric.RECOVERY_SECONDS,
          before.run().owedSince(),
          now,
          Optional.empty(),
          before);
    }
  }

  /**
   * Once for each stall: when it is noticed, or when the end of the attempt is the first notice.
   */
  private static boolean stalled(Lease before, Lease next) {
    var told = before.run().stalledAt().isPresent();
    var noticed = next.epoch() == before.epoch() && next.run().stalledAt().isPresent();
    var closed =
        next.journal().stream()
            .filter(e -> e.sequence() == next.sequence())
            .flatMap(e -> e.closed().stream())
            .anyMatch(c -> c.outcome() == Outcome.STALLED);
    return !told && (noticed || closed);
  }

  /** A launch that never registered had no life to lose, and must not blur the figures of those. */
  private static String cause(JobEvent.Fence fence) {
    return fence.outcome() == Outcome.NEVER_STARTED
        ? "never_registered"
        : fence.cause().name().toLowerCase(Locale.ROOT);
  }

  private void seconds(
      Metric metric, Instant from, Instant to, Optional<String> cause, Lease lease) {
    var seconds = Math.max(0, Duration.between(from, to).toMillis()) / 1000.0;
    tell(metric, seconds, cause, Optional.of(lease.job()), to);
  }

  private void tell(
      Metric metric, double value, Optional<String> cause, Optional<JobId> job, Instant at) {
    var named = new LinkedHashMap<String, Object>();
    named.put("Name", metric.wireName());
    named.put("Unit", metric.unit());
    var directive = new LinkedHashMap<String, Object>();
    directive.put("Namespace", NAMESPACE);
    // A metric with causes is also kept over all of them, for one alarm on the whole.
    directive.put(
        "Dimensions",
        cause.isPresent() ? List.of(List.of(), List.of("Cause")) : List.of(List.of()));
    directive.put("Metrics", List.of(named));
    var instruction = new LinkedHashMap<String, Object>();
    instruction.put("Timestamp", at.toEpochMilli());
    instruction.put("CloudWatchMetrics", List.of(directive));
    var line = new LinkedHashMap<String, Object>();
    line.put("_aws", instruction);
    cause.ifPresent(c -> line.put("Cause", c));
    line.put(metric.wireName(), value);
    job.ifPresent(j -> line.put("job", j.value()));
    sink.accept(Json.render(line));
  }
}
