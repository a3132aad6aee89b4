package io.vaultlayer.core.lease;

import java.time.Instant;
import java.util.Optional;

/**
 * What the current epoch's attempt has told of itself.
 *
 * @param startedAt when its launch was intended, or the restart in place was granted
 * @param programStarted the user's program was started in this epoch
 * @param phase as in the last beat
 * @param resumedFrom the pointer's step that register returned; empty on a fresh start
 * @param committed a new step was committed in this epoch
 * @param didNotResume a commit was refused because its step was not newer
 */
public record Run(
    Instant startedAt,
    boolean programStarted,
    long beat,
    String phase,
    Optional<Long> step,
    Optional<Long> firstStep,
    Optional<Double> loss,
    Optional<Double> stepsPerSecond,
    Optional<Instant> lastBeatAt,
    Optional<Long> resumedFrom,
    boolean committed,
    boolean didNotResume) {

  public static Run begin(Instant at) {
    return new Run(
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
        false,
        false);
  }

  public Run registered(Optional<Long> from) {
    return new Run(
        startedAt,
        programStarted,
        beat,
        "registered",
        step,
        firstStep,
        loss,
        stepsPerSecond,
        lastBeatAt,
        from,
        committed,
        didNotResume);
  }

  /**
   * The highest step known, from beats and from an end's report; the first step likewise the
   * lowest.
   */
  public Run ended(Optional<Long> first, Optional<Long> last) {
    return new Run(
        startedAt,
        programStarted,
        beat,
        phase,
        larger(step, last),
        smaller(firstStep, first),
        loss,
        stepsPerSecond,
        lastBeatAt,
        resumedFrom,
        committed,
        didNotResume);
  }

  public Run withCommit(long committedStep) {
    return new Run(
        startedAt,
        programStarted,
        beat,
        phase,
        larger(step, Optional.of(committedStep)),
        firstStep,
        loss,
        stepsPerSecond,
        lastBeatAt,
        resumedFrom,
        true,
        didNotResume);
  }

  public Run notResumed() {
    return new Run(
        startedAt,
        programStarted,
        beat,
        phase,
        step,
        firstStep,
        loss,
        stepsPerSecond,
        lastBeatAt,
        resumedFrom,
        committed,
        true);
  }

  static Optional<Long> larger(Optional<Long> a, Optional<Long> b) {
    return a.isEmpty() ? b : b.isEmpty() ? a : Optional.of(Math.max(a.get(), b.get()));
  }

  static Optional<Long> smaller(Optional<Long> a, Optional<Long> b) {
    return a.isEmpty() ? b : b.isEmpty() ? a : Optional.of(Math.min(a.get(), b.get()));
  }
}
