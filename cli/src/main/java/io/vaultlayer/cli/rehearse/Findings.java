package io.vaultlayer.cli.rehearse;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.rehearse.Judgement.Evidence;
import io.vaultlayer.cli.rehearse.RehearsalReport.Kill;
import io.vaultlayer.wire.Lists.Checkpoint;
import io.vaultlayer.wire.Lists.Download;
import io.vaultlayer.wire.StatusDocument.Attempt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/** What the three runs have left, read while the plane that holds it still runs. */
final class Findings {
  private static final String HELPER = "vaultlayer_checkpoint";

  private final Trial alone;
  private final List<String> strays;
  private final List<Struck> struck;
  private final Comparison comparison;

  Findings(Trial alone, List<String> strays, List<Struck> struck, Comparison comparison) {
    this.alone = alone;
    this.strays = strays;
    this.struck = struck;
    this.comparison = comparison;
  }

  Trial alone() {
    return alone;
  }

  /** Files like checkpoints that the script has written elsewhere in its work directory. */
  List<String> strays() {
    return strays;
  }

  List<Struck> struck() {
    return struck;
  }

  /** The import hook's word where it saw a framework. */
  Optional<JsonNode> found() {
    return alone.eye().found();
  }

  String framework() throws InterruptedException {
    if (found().isPresent()) {
      return found().get().path("framework").asText("unknown");
    }
    return usesHelper() ? HELPER : "none";
  }

  /** Its checkpoints are directories with the helper's own description in them. */
  private boolean usesHelper() throws InterruptedException {
    if (alone.committed().isEmpty()) {
      return false;
    }
    var last = alone.committed().getLast();
    return alone.files(last.step()).stream()
        .map(Download::path)
        .anyMatch(path -> path.equals("checkpoint-" + last.step() + "/meta.json"));
  }

  String fidelity() throws InterruptedException {
    if (alone.committed().isEmpty()) {
      return "none";
    }
    return switch (framework()) {
      case "none" -> "script";
      case HELPER -> "helper";
      default -> "framework";
    };
  }

  // ---- kills

  List<Kill> kills() throws IOException, InterruptedException {
    var kills = new ArrayList<Kill>();
    for (var each : struck) {
      kills.add(each.cameBack() ? judged(each) : missed(each));
    }
    return kills;
  }

  private static Kill missed(Struck each) {
    var detail =
        each.when() == Struck.When.INSIDE && each.blow().isEmpty()
            ? "no save was met while it was being written; the saves are too short for that, or"
                + " too few"
            : "the run was over before it could be lost and come back";
    return new Kill(
        each.when().word(), false, null, null, null, null, null, null, null, null, detail);
  }

  private Kill judged(Struck each) throws IOException, InterruptedException {
    var trial = each.trial();
    int after = each.after();
    var attempt = trial.attempt(after);
    var points = trial.eye().series().of(after);
    var evidence =
        new Evidence(
            each.when().word(),
            each.blow().orElseThrow().step(),
            number(attempt.map(Attempt::resumedFrom)),
            number(attempt.map(Attempt::firstStep)),
            boxed(trial.eye().secondsToFirstStep(after)),
            points,
            failed(trial, after),
            compared(each),
            deterministic(each));
    return new Judgement(alone.eye().series().of(1), evidence).kill();
  }

  private static OptionalLong number(Optional<Long> value) {
    return value.filter(Objects::nonNull).map(OptionalLong::of).orElse(OptionalLong.empty());
  }

  private static Optional<Double> boxed(java.util.OptionalDouble value) {
    return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
  }

  private static Optional<String> failed(Trial trial, int after) {
    if (!trial.status().state().equals("failed")) {
      return Optional.empty();
    }
    var words = trial.lastLines(after);
    var status = trial.status();
    return Optional.of(
        (status.detail() == null ? status.reason() : status.detail())
            + (words.isEmpty() ? "" : "; its last words: " + words.getLast()));
  }

  // ---- the same step of two runs

  private Optional<Comparison.Found> compared(Struck each)
      throws IOException, InterruptedException {
    if (alone.succeeded() && each.trial().succeeded()) {
      var outputs = comparison.of("outputs", outputs(alone), outputs(each.trial()));
      if (outputs.isPresent() && (outputs.get().equal() || each.shared().isEmpty())) {
        return outputs;
      }
    }
    var shared = each.shared();
    if (shared.isEmpty()) {
      return Optional.empty();
    }
    long step = shared.get().step();
    var found =
        comparison.of(
            "checkpoint of step " + step,
            checkpoint(shared.get().by(), step),
            checkpoint(each.trial(), step));
    if (found.isEmpty() || found.get().equal()) {
      return found;
    }
    var untouched = before(each);
    return untouched.isPresent() ? found.map(one -> one.but(untouched.get())) : found;
  }

  /** The same comparison at a step that both had done before anything was killed. */
  private Optional<Comparison.Found> before(Struck each) throws IOException, InterruptedException {
    var steps = alone.committed().stream().map(Checkpoint::step).toList();
    for (var one : each.trial().committed()) {
      if (one.epoch() < each.after() && steps.contains(one.step())) {
        var found =
            comparison.of("", checkpoint(alone, one.step()), checkpoint(each.trial(), one.step()));
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /** Whether the killed run was the same as the other one as long as nobody had touched it. */
  private Optional<Boolean> deterministic(Struck each) throws IOException, InterruptedException {
    var before = each.trial().eye().series().of(1);
    var same = alone.eye().series().of(1);
    var losses = new Losses(same, before, first(before), Long.MAX_VALUE);
    if (losses.count() > 2) {
      return Optional.of(losses.likeness() == Losses.Likeness.SAME);
    }
    return before(each).map(Comparison.Found::equal);
  }

  /** True where runs have saved after a loss, and none of them a step of an uninterrupted one. */
  boolean sharesNoStep() {
    return struck.stream().anyMatch(Findings::savedLater)
        && struck.stream().allMatch(each -> each.shared().isEmpty());
  }

  /** True where saves seem to come by the clock, so that no two runs ever save the same step. */
  boolean savesByTime() {
    return struck.stream().filter(Findings::savedLater).noneMatch(Struck::savesBySteps);
  }

  private static boolean savedLater(Struck each) {
    return each.cameBack() && !each.later().isEmpty();
  }

  Optional<Boolean> deterministic() throws IOException, InterruptedException {
    Optional<Boolean> all = Optional.empty();
    for (var each : struck) {
      if (each.cameBack()) {
        var one = deterministic(each);
        all = one.isPresent() && !all.equals(Optional.of(false)) ? one : all;
      }
    }
    return all;
  }

  private static long first(NavigableMap<Long, ?> points) {
    return points.isEmpty() ? 0 : points.firstKey();
  }

  private static Comparison.Source checkpoint(Trial trial, long step) {
    return new Comparison.Source() {
      @Override
      public List<Download> files() throws InterruptedException {
        return trial.files(step);
      }

      @Override
      public void pull(Path directory) throws IOException, InterruptedException {
        trial.pull(step, directory);
      }
    };
  }

  private static Comparison.Source outputs(Trial trial) {
    return new Comparison.Source() {
      @Override
      public List<Download> files() throws InterruptedException {
        return trial.outputs();
      }

      @Override
      public void pull(Path directory) throws IOException, InterruptedException {
        trial.pullOutputs(directory);
      }
    };
  }

  static Comparison comparison(Shell shell, Throwaway place, Path workdir, String program) {
    return new Comparison(
        place.scratch(), Comparison.pythons(shell.variable("PATH"), workdir, program));
  }
}
