package io.vaultlayer.core.lease;

import java.time.Instant;
import java.util.Optional;

/**
 * What the current epoch's attempt has told of itself.
 *
 * @param startedAt when its launch was intended, or the restart in place was granted
 * @param owedSince since when the job has been owed a running program: its submission, resume or
 *     last loss
 * @param programStarted the user's program was started in this epoch
 * @param phase as in the last beat
 * @param stepAt when the control plane saw the step advance last, later by any time in which it
 *     heard nothing; empty while the program tells no step
 * @param stepGapSeconds the longest time between two advances that it saw
 * @param resumedFrom the pointer's step that register returned; empty on a fresh start
 * @param committed a new step was committed in this epoch
 * @param didNotResume a commit was refused because its step was not newer
 * @param stalledAt since when this attempt counts as stalled; a step that advances withdraws it
 * @param afterStall this epoch was begun in place because the one before stalled on the same
 *     machine
 * @param gpus figures of the host's GPUs as the last beat carried them, in the agents' own short
 *     form
 */
public record Run(
    Instant startedAt,
    Instant owedSince,
    boolean programStarted,
    long beat,
    String phase,
    Optional<Long> step,
    Optional<Instant> stepAt,
    Optional<Long> stepGapSeconds,
    Optional<Long> firstStep,
    Optional<Double> loss,
    Optional<Double> stepsPerSecond,
    Optional<Instant> lastBeatAt,
    Optional<Long> resumedFrom,
    boolean committed,
    boolean didNotResume,
    Optional<Instant> stalledAt,
    boolean afterStall,
    Optional<String> gpus) {

  /** Nothing has been told yet, and the job is owed a running program from now on. */
  public static Run begin(Instant at) {
    return new Run(
        at,
        at,
        false,
        0,
        "placing",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        Optional.empty(),
        false,
        Optional.empty());
  }

  /** A launch is intended for the job that has been owed one since {@link #owedSince}. */
  public Run placed(Instant at) {
    var edit = begin(at).edit();
    edit.owedSince = owedSince;
    return edit.build();
  }

  public Run registered(Optional<Long> from) {
    var edit = edit();
    edit.phase = "registered";
    edit.resumedFrom = from;
    return edit.build();
  }

  /**
   * The highest step known, from beats and from an end's report; the first step likewise the
   * lowest.
   */
  public Run ended(Optional<Long> first, Optional<Long> last) {
    var edit = edit();
    edit.step = larger(step, last);
    edit.firstStep = smaller(firstStep, first);
    return edit.build();
  }

  public Run withCommit(long committedStep) {
    var edit = edit();
    edit.step = larger(step, Optional.of(committedStep));
    edit.committed = true;
    return edit.build();
  }

  public Run notResumed() {
    var edit = edit();
    edit.didNotResume = true;
    return edit.build();
  }

  /** A copy to change. */
  public Edit edit() {
    return new Edit(this);
  }

  /** The next record under construction. */
  public static final class Edit {
    public Instant startedAt;
    public Instant owedSince;
    public boolean programStarted;
    public long beat;
    public String phase;
    public Optional<Long> step;
    public Optional<Instant> stepAt;
    public Optional<Long> stepGapSeconds;
    public Optional<Long> firstStep;
    public Optional<Double> loss;
    public Optional<Double> stepsPerSecond;
    public Optional<Instant> lastBeatAt;
    public Optional<Long> resumedFrom;
    public boolean committed;
    public boolean didNotResume;
    public Optional<Instant> stalledAt;
    public boolean afterStall;
    public Optional<String> gpus;

    private Edit(Run base) {
      startedAt = base.startedAt;
      owedSince = base.owedSince;
      programStarted = base.programStarted;
      beat = base.beat;
      phase = base.phase;
      step = base.step;
      stepAt = base.stepAt;
      stepGapSeconds = base.stepGapSeconds;
      firstStep = base.firstStep;
      loss = base.loss;
      stepsPerSecond = base.stepsPerSecond;
      lastBeatAt = base.lastBeatAt;
      resumedFrom = base.resumedFrom;
      committed = base.committed;
      didNotResume = base.didNotResume;
      stalledAt = base.stalledAt;
      afterStall = base.afterStall;
      gpus = base.gpus;
    }

    public Run build() {
      return new Run(
          startedAt,
          owedSince,
          programStarted,
          beat,
          phase,
          step,
          stepAt,
          stepGapSeconds,
          firstStep,
          loss,
          stepsPerSecond,
          lastBeatAt,
          resumedFrom,
          committed,
          didNotResume,
          stalledAt,
          afterStall,
          gpus);
    }
  }

  static Optional<Long> larger(Optional<Long> a, Optional<Long> b) {
    return a.isEmpty() ? b : b.isEmpty() ? a : Optional.of(Math.max(a.get(), b.get()));
  }

  static Optional<Long> smaller(Optional<Long> a, Optional<Long> b) {
    return a.isEmpty() ? b : b.isEmpty() ? a : Optional.of(Math.min(a.get(), b.get()));
  }
}
