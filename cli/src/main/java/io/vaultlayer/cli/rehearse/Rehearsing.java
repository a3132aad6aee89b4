package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.follow.Detach;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.insert.Insertion;
import io.vaultlayer.cli.insert.Suggestion;
import io.vaultlayer.cli.rehearse.RehearsalReport.Kill;
import io.vaultlayer.cli.submit.Submission;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** The whole of {@code vl rehearse}: the place, the runs, the report. */
public final class Rehearsing {
  private static final double SECONDS_PER_HOUR = 3600;

  private final Shell shell;
  private final Submission submission;
  private final boolean quiet;

  public Rehearsing(Shell shell, Submission submission, boolean quiet) {
    this.shell = shell;
    this.submission = submission;
    this.quiet = quiet;
  }

  /**
   * @param saves so many are waited for
   * @param limit of the whole rehearsal
   * @param usdPerHour of the machine that the job is meant for
   * @throws Failure 2 where it cannot be tried out here, 1 where the script fails by itself
   */
  public RehearsalReport report(int saves, Duration limit, Optional<Double> usdPerHour)
      throws IOException, InterruptedException {
    submission
        .options()
        .checkpointDir()
        .filter(dir -> Path.of(dir).isAbsolute())
        .ifPresent(dir -> {
          throw Failure.usage(
              "shared_checkpoint_dir",
              "rehearsing with --checkpoint-dir "
                  + dir
                  + ": three runs would write into the same directory of yours; give one that is"
                  + " relative to the work directory");
        });
    submission.rehearsed("rehearsal"); // refused before anything is started
    Map<String, byte[]> replaced =
        switch (submission.options().insert()) {
          case COPY, FILE -> new Insertion(shell, submission, quiet).offer();
          case ASK, NO -> Map.of();
        };
    try (var detach = Detach.saying(shell, "interrupted; the rehearsal is taken down");
        var place = Throwaway.open(shell)) {
      var plan = new Rehearsal.Plan(submission, replaced, saves, limit);
      var report = report(new Rehearsal(shell, place, plan).run(), usdPerHour, !replaced.isEmpty());
      detach.done();
      return report;
    }
  }

  private RehearsalReport report(Findings findings, Optional<Double> usdPerHour, boolean inserted)
      throws IOException, InterruptedException {
    var alone = findings.alone();
    var kills = findings.kills();
    var hit = kills.stream().filter(Kill::hit).toList();
    var deterministic = findings.deterministic();
    boolean saves = !alone.committed().isEmpty();
    var verdict =
        saves
            ? Judgement.worstVerdict(hit.stream().map(Kill::verdict).toList())
            : Judgement.FROM_ZERO;
    var suggestion =
        inserted ? new Suggestion(false, List.of(), "") : Suggestion.of(shell, submission);
    var advice = new Advice(findings, kills, verdict, deterministic, suggestion);
    var lost = lostSeconds(findings, hit);
    boolean known =
        lost.isPresent()
            && (verdict.equals(Judgement.SAFE) || verdict.equals(Judgement.APPROXIMATE));
    return new RehearsalReport(
        findings.framework(),
        findings.found().map(f -> f.path("version").asText(null)).orElse(null),
        findings.fidelity(),
        directory(findings),
        deterministic.orElse(null),
        Saves.rows(alone.committed(), alone.eye().saves()),
        boxed(Saves.median(alone.eye().saves())),
        kills,
        Judgement.worstResult(hit.stream().map(Kill::result).toList()),
        known ? lost.getAsDouble() : null,
        usdPerHour.orElse(null),
        known && usdPerHour.isPresent()
            ? Double.valueOf(lost.getAsDouble() / SECONDS_PER_HOUR * usdPerHour.get())
            : null,
        verdict,
        advice.sentences(),
        advice.lines());
  }

  /** Half of what lies between two saves on average, and the script's start until it trains. */
  private static OptionalDouble lostSeconds(Findings findings, List<Kill> hit) {
    var eye = findings.alone().eye();
    var between = Saves.secondsBetween(eye.saves(), eye.beganAt());
    if (between.isEmpty()) {
      return OptionalDouble.empty();
    }
    double restart =
        hit.stream()
            .map(Kill::restartSeconds)
            .filter(java.util.Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .average()
            .orElse(0);
    return OptionalDouble.of(between.getAsDouble() / 2 + restart);
  }

  /** As the script names it: the framework's own, or the one that is kept. */
  private String directory(Findings findings) {
    var told = findings.found().map(f -> f.path("path").asText("")).filter(p -> !p.isEmpty());
    return told.map(Rehearsing::withoutInstance)
        .orElseGet(() -> submission.options().checkpointDir().orElse("$VAULTLAYER_CHECKPOINT_DIR"));
  }

  private static String withoutInstance(String path) {
    return path.replaceAll("^.*/scratch/work/", "")
        .replaceAll("^.*/scratch/checkpoints", "\\$VAULTLAYER_CHECKPOINT_DIR");
  }

  private static Double boxed(OptionalDouble value) {
    return value.isPresent() ? Double.valueOf(value.getAsDouble()) : null;
  }

  /** Lines of a report for people. */
  public static List<String> lines(RehearsalReport report) {
    return ReportText.of(report);
  }
}
