package io.vaultlayer.cli.rehearse;

import io.vaultlayer.wire.Lists.Checkpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A run that loses its machine once, at a moment of its kind. */
final class Struck {
  enum When {
    BETWEEN,
    INSIDE,
    /** There are no saves: half way of what the uninterrupted run did. */
    ANYWHERE;

    String word() {
      return this == INSIDE ? "inside" : "between";
    }
  }

  /** After so long without a word, a script that has told its steps before tells them no more. */
  private static final long LEAST_SILENCE_NANOS = Duration.ofSeconds(20).toNanos();

  private static final double MIDDLE = 0.5;

  /** Saves beyond those of the uninterrupted run; a slow upload may pass single ones over. */
  private static final int MORE_SAVES = 4;

  private final Trial trial;
  private final When when;
  private final Trial alone;

  /** Runs that nobody touched, to be compared with; the first is {@link #alone}. */
  private final List<Trial> untouched = new ArrayList<>();

  private boolean armed;
  private Optional<Eye.Blow> blow = Optional.empty();
  private long committedAtBlow;

  Struck(Trial trial, When when, Trial alone) {
    this.trial = trial;
    this.when = when;
    this.alone = alone;
    untouched.add(alone);
  }

  Trial trial() {
    return trial;
  }

  When when() {
    return when;
  }

  /** Where it was hit; empty where no such moment was met. */
  Optional<Eye.Blow> blow() {
    return blow;
  }

  /** The attempt that followed. */
  int after() {
    return blow.map(b -> b.attempt() + 1).orElse(0);
  }

  /** Step of the newest committed checkpoint when it was hit. */
  long committedAtBlow() {
    return committedAtBlow;
  }

  /** Strikes when it is time; called again and again. */
  void act(Consumer<String> say) throws InterruptedException {
    if (blow.isPresent() || trial.ended()) {
      return;
    }
    var eye = trial.eye();
    switch (when) {
      case INSIDE -> {
        if (!armed && trial.committedStep() > 0) {
          armed = true;
          eye.strikeInside(Saves.median(alone.eye().saves()).orElse(0) / 2, alone.eye().usual());
        }
      }
      case BETWEEN -> {
        if (trial.committedStep() > 0 && !eye.saving() && farEnough(eye.step())) {
          eye.strike();
        }
      }
      case ANYWHERE -> {
        if (eye.step().isPresent() ? eye.step().getAsLong() >= middle() : longEnough()) {
          eye.strike();
        }
      }
    }
    var hit = eye.blow();
    if (hit.isEmpty()) {
      return;
    }
    if (when == When.INSIDE && !hit.get().saveUnderWay()) {
      armed = false; // the save was over a moment before; the next one is tried
      return;
    }
    blow = hit;
    trial.look();
    committedAtBlow = trial.committedStep();
    say.accept(
        trial.title()
            + ": its machine is lost NOW"
            + (hit.get().step().isPresent() ? " at step " + hit.get().step().getAsLong() : "")
            + (committedAtBlow > 0
                ? ", its checkpoint of step " + committedAtBlow + " is stored"
                : ", nothing is stored"));
  }

  /** Some work lies behind the checkpoint, to be done twice. */
  private boolean farEnough(OptionalLong step) {
    long between = Saves.stepsBetween(alone.committed());
    return step.isEmpty() || step.getAsLong() >= trial.committedStep() + Math.max(1, between / 3);
  }

  private long middle() {
    var points = alone.eye().series().of(1);
    return points.isEmpty() ? 1 : Math.max(2, (long) (points.lastKey() * MIDDLE));
  }

  private boolean longEnough() {
    var began = trial.eye().began(1);
    return began.isPresent() && System.nanoTime() - began.get() > Duration.ofSeconds(2).toNanos();
  }

  /**
   * Nothing more is to be learnt: it has done what the uninterrupted run did, or ended, or lost.
   */
  boolean isOver(long goal) {
    if (trial.ended()) {
      return true;
    }
    long gap = Saves.stepsBetween(alone.committed());
    if (blow.isEmpty()) {
      return when != When.ANYWHERE && trial.committedStep() >= goal + MORE_SAVES * gap;
    }
    if (trial.status().epoch() < after()) {
      return false;
    }
    boolean known = trial.attempt(after()).map(a -> a.firstStep() != null).orElse(false);
    if (when == When.ANYWHERE || startedAnew()) {
      return known || silent();
    }
    if (alone.committed().size() <= 1) {
      return goal > 0 && trial.eye().step().orElse(0) >= goal;
    }
    return shared().isPresent() || trial.committedStep() >= goal + MORE_SAVES * gap;
  }

  /**
   * A step that this run has saved after its loss, and another without one.
   *
   * @param by the run that nobody touched
   */
  record Shared(Trial by, long step) {}

  /** The greatest such step of the first run that has one. */
  Optional<Shared> shared() {
    for (var each : untouched) {
      var step = sharedWith(each);
      if (step.isPresent()) {
        return Optional.of(new Shared(each, step.getAsLong()));
      }
    }
    return Optional.empty();
  }

  OptionalLong sharedWith(Trial other) {
    return SharedSteps.greatest(other.committed(), later());
  }

  /** Those that were committed after the loss. */
  List<Checkpoint> later() {
    return trial.committed().stream().filter(one -> one.epoch() >= after()).toList();
  }

  /** Another run without a loss, because the first one has saved none of this run's steps. */
  void compareAlsoWith(Trial other) {
    untouched.add(other);
  }

  /**
   * It came back, saves every so many steps, and happened to save none that an untouched run has.
   * Where both have ended well, their outputs and last saves are of one step anyway.
   */
  boolean wantsAnother() {
    if (!cameBack() || startedAnew() || alone.committed().size() <= 1 || shared().isPresent()) {
      return false;
    }
    boolean bothEnded = alone.succeeded() && trial.succeeded();
    return !bothEnded && !later().isEmpty() && savesBySteps();
  }

  boolean savesBySteps() {
    return SharedSteps.comeBySteps(
        Stream.concat(alone.committed().stream(), trial.committed().stream())
            .map(Checkpoint::step)
            .toList());
  }

  /** True once the script has been started again, or could not be. */
  boolean cameBack() {
    return blow.isPresent()
        && (trial.eye().began(after()).isPresent()
            || trial.attempt(after()).map(a -> a.firstStep() != null).orElse(false));
  }

  /** It tells steps that it had done long before its checkpoint: waiting for more is no use. */
  private boolean startedAnew() {
    return trial
        .attempt(after())
        .filter(a -> a.firstStep() != null && a.resumedFrom() != null)
        .map(a -> a.firstStep() < a.resumedFrom() && a.firstStep() <= 1)
        .orElse(false);
  }

  private boolean silent() {
    var began = trial.eye().began(after());
    return began.isPresent() && System.nanoTime() - began.get() > LEAST_SILENCE_NANOS;
  }
}
