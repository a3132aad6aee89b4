package io.vaultlayer.cli.rehearse;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.rehearse.Judgement.Evidence;
import io.vaultlayer.cli.rehearse.RehearsalReport.Kill;
import io.vaultlayer.cli.rehearse.Series.Point;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

class JudgementTest {
  private static final LongToDoubleFunction FALLING = step -> 4.0 / (1 + step / 10.0);
  private static final LongToDoubleFunction RATE = step -> 0.1 / step;
  private static final NavigableMap<Long, Point> ALONE = points(1, 50, FALLING, RATE);
  private static final Optional<Comparison.Found> EQUAL =
      Optional.of(new Comparison.Found("checkpoint of step 50", true, false, Map.of(), List.of()));

  private static NavigableMap<Long, Point> points(
      long first, long last, LongToDoubleFunction loss, LongToDoubleFunction rate) {
    var points = new TreeMap<Long, Point>();
    for (long step = first; step <= last; step++) {
      points.put(
          step,
          new Point(
              OptionalDouble.of(loss.applyAsDouble(step)),
              OptionalDouble.of(rate.applyAsDouble(step))));
    }
    return points;
  }

  private static Kill judged(
      long firstStep, NavigableMap<Long, Point> after, Optional<Comparison.Found> compared) {
    return judged(OptionalLong.of(firstStep), after, compared, Optional.empty());
  }

  private static Kill judged(
      OptionalLong firstStep,
      NavigableMap<Long, Point> after,
      Optional<Comparison.Found> compared,
      Optional<String> failed) {
    return new Judgement(
            ALONE,
            new Evidence(
                "between",
                OptionalLong.of(25),
                OptionalLong.of(20),
                firstStep,
                Optional.of(0.5),
                after,
                failed,
                compared,
                Optional.of(true)))
        .kill();
  }

  @Test
  void equalFilesBehindAStepThatFollowsAreSafe() {
    var kill = judged(21, points(21, 50, FALLING, RATE), EQUAL);
    assertThat(kill.verdict()).isEqualTo("safe");
    assertThat(kill.result()).isEqualTo("bit_equal");
    assertThat(kill.continued())
        .isEqualTo(
            new RehearsalReport.Continued("exactly", "exactly", "exactly", "exactly", "exactly"));
  }

  @Test
  void equalFilesOfAScriptThatBeganAnewAreNot() {
    var kill = judged(1, points(1, 50, FALLING, RATE), EQUAL);
    assertThat(kill.verdict()).isEqualTo("restarts_from_zero");
    assertThat(kill.result()).isEqualTo("not_comparable");
  }

  @Test
  void aScriptThatTellsNoStepsIsNeverGood() {
    var silent = judged(OptionalLong.empty(), new TreeMap<>(), EQUAL, Optional.empty()).verdict();
    assertThat(silent).isEqualTo("unknown");
  }

  @Test
  void aLossThatFallsBackIsAnotherTraining() {
    var after = points(21, 50, step -> FALLING.applyAsDouble(step - 20), RATE);
    var kill = judged(21, after, Optional.empty());
    assertThat(kill.result()).isEqualTo("different");
    assertThat(kill.verdict()).isEqualTo("breaks");
  }

  @Test
  void aLossAsGoodAsTheOtherIsApproximate() {
    var after = points(21, 50, step -> FALLING.applyAsDouble(step) * 1.01, RATE);
    var kill = judged(21, after, Optional.empty());
    assertThat(kill.verdict()).isEqualTo("resumes_approximately");
    assertThat(kill.continued().rng()).isEqualTo("no");
  }

  @Test
  void aLossThatHardlyMovesProvesNothing() {
    var flat = points(1, 50, step -> 2 + step % 3 * 0.01, RATE);
    var after = points(21, 50, step -> 2.004 + step % 2 * 0.01, RATE);
    var losses = new Losses(flat, after, 21, 50);
    assertThat(losses.likeness()).isEqualTo(Losses.Likeness.UNKNOWN);
  }

  @Test
  void aLearningRateThatBeginsAgainBreaks() {
    var after = points(21, 50, FALLING, step -> RATE.applyAsDouble(step - 20));
    var kill = judged(21, after, Optional.empty());
    assertThat(kill.continued().learningRate()).isEqualTo("no");
    assertThat(kill.verdict()).isEqualTo("breaks");
  }

  @Test
  void weightsThatAreLoadedWhileTheStepsBeginAgainRestart() {
    var after = points(1, 20, step -> FALLING.applyAsDouble(step + 20), RATE);
    var kill = judged(1, after, Optional.empty());
    assertThat(kill.verdict()).isEqualTo("restarts_from_zero");
    assertThat(kill.continued().loss()).isEqualTo("approximately");
  }

  @Test
  void aScriptThatFailsAfterwardsBreaksWhateverItDidBefore() {
    var after = points(21, 50, FALLING, RATE);
    var kill = judged(OptionalLong.of(21), after, EQUAL, Optional.of("exited with code 1"));
    assertThat(kill.verdict()).isEqualTo("breaks");
    assertThat(kill.detail()).isEqualTo("exited with code 1");
  }

  @Test
  void stepsThatAreLeftOutBreak() {
    var kill = judged(31, points(31, 50, FALLING, RATE), Optional.empty());
    assertThat(kill.continued().step()).isEqualTo("no");
    assertThat(kill.verdict()).isEqualTo("breaks");
  }

  @Test
  void whatIsDoneTwiceIsNoLossOfSteps() {
    var kill = judged(11, points(11, 50, FALLING, RATE), EQUAL);
    assertThat(kill.continued().step()).isEqualTo("approximately");
    assertThat(kill.verdict()).isEqualTo("safe");
  }

  @Test
  void theWorstKillDecides() {
    assertThat(Judgement.worstVerdict(List.of("safe", "breaks", "unknown"))).isEqualTo("breaks");
    assertThat(Judgement.worstVerdict(List.of())).isEqualTo("unknown");
    assertThat(Judgement.worstResult(List.of("bit_equal", "statistically_equal")))
        .isEqualTo("statistically_equal");
  }
}
