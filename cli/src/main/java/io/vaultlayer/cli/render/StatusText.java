package io.vaultlayer.cli.render;

import io.vaultlayer.wire.StatusDocument;
import io.vaultlayer.wire.StatusDocument.Attempt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A status document for people. */
public final class StatusText {
  private StatusText() {}

  public static List<String> lines(StatusDocument job, Instant now) {
    var lines = new ArrayList<String>();
    add(lines, "job", job.name() == null ? job.id() : job.id() + "  " + job.name());
    add(lines, "state", state(job));
    add(lines, "command", job.command() == null ? null : String.join(" ", job.command()));
    add(lines, "gpu", gpu(job));
    add(lines, "place", place(job));
    add(lines, "progress", progress(job, now));
    add(lines, "checkpoint", checkpoint(job, now));
    add(lines, "cost", Text.usd(job.costUsd()));
    add(lines, "submitted", ago(job.submittedAt(), now));
    add(lines, "ended", ago(job.endedAt(), now));
    if (!job.failover()) {
      add(lines, "failover", "off: one attempt only");
    }
    if (job.warnings() != null) {
      job.warnings().forEach(warning -> add(lines, "warning", warning));
    }
    if (job.attempts() != null && !job.attempts().isEmpty()) {
      lines.add("");
      lines.addAll(attempts(job.attempts(), now));
    }
    return lines;
  }

  private static void add(List<String> lines, String label, String value) {
    if (value != null && !value.isEmpty()) {
      lines.add("%-12s%s".formatted(label, Text.printable(value)));
    }
  }

  private static String state(StatusDocument job) {
    var text = new StringBuilder(job.state());
    if (job.phase() != null && !job.phase().equals(job.state())) {
      text.append(", ").append(job.phase());
    }
    if (job.reason() != null) {
      text.append(" (").append(job.reason()).append(')');
    }
    if (job.detail() != null && !job.detail().equals(job.state())) {
      text.append(": ").append(job.detail());
    }
    boolean told = job.detail() != null && job.detail().contains("code " + job.exitCode());
    if (job.exitCode() != null && job.exitCode() != 0 && !told) {
      text.append("; exit code ").append(job.exitCode());
    }
    return text.toString();
  }

  private static String gpu(StatusDocument job) {
    return Boolean.FALSE.equals(job.gpuPresent()) && !"cpu".equals(job.gpu())
        ? job.gpu() + " (not present here)"
        : job.gpu();
  }

  private static String place(StatusDocument job) {
    if (job.provider() == null) {
      return null;
    }
    return job.instanceId() == null ? job.provider() : job.provider() + "  " + job.instanceId();
  }

  private static String progress(StatusDocument job, Instant now) {
    if (job.step() == null) {
      return null;
    }
    var text = new StringBuilder("step ").append(job.step());
    if (job.stepsPerSecond() != null) {
      text.append(", ").append(Text.number(job.stepsPerSecond())).append(" steps/s");
    }
    if (job.loss() != null) {
      text.append(", loss ").append(Text.number(job.loss()));
    }
    var heard = Text.age(job.heardAt(), now);
    return heard == null ? text.toString() : text + " (heard " + heard + " ago)";
  }

  private static String checkpoint(StatusDocument job, Instant now) {
    var kept = job.checkpoint();
    if (kept == null) {
      return "none yet";
    }
    return "step %d of attempt %d, %s in %d %s, %s"
        .formatted(
            kept.step(),
            kept.epoch(),
            Text.bytes(kept.bytes()),
            kept.files(),
            kept.files() == 1 ? "file" : "files",
            ago(kept.committedAt(), now));
  }

  private static String ago(String at, Instant now) {
    var age = Text.age(at, now);
    return age == null ? at : Text.seconds(at) + " (" + age + " ago)";
  }

  private static List<String> attempts(List<Attempt> attempts, Instant now) {
    var table = new Table("ATTEMPT", "PLACE", "OUTCOME", "RESUMED FROM", "STEPS", "TIME", "DETAIL");
    for (var attempt : attempts) {
      var start = Text.instant(attempt.startedAt());
      var end = Text.instant(attempt.endedAt());
      table.row(
          attempt.epoch(),
          attempt.provider(),
          attempt.outcome() == null ? "live" : attempt.outcome(),
          attempt.resumedFrom(),
          steps(attempt),
          start == null ? null : Text.age(attempt.startedAt(), end == null ? now : end),
          attempt.detail());
    }
    return table.lines();
  }

  private static String steps(Attempt attempt) {
    if (attempt.firstStep() == null && attempt.lastStep() == null) {
      return null;
    }
    return (attempt.firstStep() == null ? "?" : attempt.firstStep())
        + "-"
        + (attempt.lastStep() == null ? "?" : attempt.lastStep());
  }
}
