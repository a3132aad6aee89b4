package io.vaultlayer.core.cadence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CadenceTest {
  private static final double[] STRANGE = {
    0,
    -1,
    Double.NaN,
    Double.MIN_VALUE,
    Double.MAX_VALUE,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY
  };

  @Test
  void theIntervalIsDalysAndNearTheLeastOfTheExpectedTime() {
    assertThat(Cadence.optimalSeconds(6.3, 7_200)).isCloseTo(297, within(2.0));
    assertThat(Cadence.optimalSeconds(30, 14_400)).isCloseTo(910, within(5.0));
    assertThat(Cadence.optimalSeconds(148.8, 7_200)).isCloseTo(1366, within(5.0));
    assertThat(Cadence.optimalSeconds(100, 40)).isCloseTo(320 / 9.0, within(1e-9));
    for (double d : new double[] {1, 10, 100}) {
      for (double m : new double[] {3_600, 36_000}) {
        double ours = expected(Cadence.optimalSeconds(d, m), d, m);
        double best = Double.MAX_VALUE;
        for (double tau = 1; tau < m; tau *= 1.01) {
          best = Math.min(best, expected(tau, d, m));
        }
        assertThat(ours).isLessThan(best * 1.001);
      }
    }
  }

  /** Wall time of a second of work when losses are exponential: Daly's equation 20, restart 0. */
  private static double expected(double tau, double d, double m) {
    return m * Math.expm1((tau + d) / m) / tau;
  }

  @Test
  void itGrowsWithTheLifeOfThePlaceAndWithTheCostOfASave() {
    var random = new SplittableRandom(5);
    for (int i = 0; i < 20_000; i++) {
      double d = Math.pow(10, random.nextDouble(-2, 5));
      double m = Math.pow(10, random.nextDouble(0, 8));
      double more = 1 + random.nextDouble(3);
      double plain = Cadence.optimalSeconds(d, m);
      assertThat(Cadence.optimalSeconds(d, m * more)).isGreaterThanOrEqualTo(plain * 0.999999);
      assertThat(Cadence.optimalSeconds(d * more, m)).isGreaterThanOrEqualTo(plain * 0.999999);
      double bounded = interval(d, m);
      assertThat(interval(d, m * more)).isGreaterThanOrEqualTo(bounded * 0.999999);
      assertThat(interval(d * more, m)).isGreaterThanOrEqualTo(bounded * 0.999999);
    }
  }

  @Test
  void itStaysWithinItsBoundsWhateverIsMeasured() {
    for (double d : STRANGE) {
      for (double u : STRANGE) {
        for (double m : STRANGE) {
          double it = Cadence.intervalSeconds(OptionalDouble.of(d), OptionalDouble.of(u), m);
          assertThat(it).isFinite().isGreaterThanOrEqualTo(Cadence.FLOOR_SECONDS);
          assertThat(Cadence.optimalSeconds(d, m)).isFinite().isPositive();
        }
      }
    }
    assertThat(interval(0.01, 3_600)).isEqualTo(Cadence.FLOOR_SECONDS);
    assertThat(interval(10, 1e9)).isEqualTo(Cadence.CEILING_SECONDS);
    // Saves of five minutes would take more than a twentieth of an hour.
    assertThat(interval(300, 3_600)).isCloseTo(5_700, within(1e-6));
    assertThat(Cadence.intervalSeconds(OptionalDouble.of(1), OptionalDouble.of(900), 3_600))
        .isEqualTo(900);
  }

  @Test
  void savesNeverTakeMoreThanATwentiethOfTheTime() {
    var random = new SplittableRandom(6);
    for (int i = 0; i < 20_000; i++) {
      double d = Math.pow(10, random.nextDouble(-2, 5));
      double it = interval(d, Math.pow(10, random.nextDouble(0, 8)));
      assertThat(d / (d + it)).isLessThanOrEqualTo(Cadence.MOST_SHARE + 1e-12);
    }
  }

  private static double interval(double d, double m) {
    return Cadence.intervalSeconds(OptionalDouble.of(d), OptionalDouble.empty(), m);
  }

  @Test
  void whatTheUserAskedForWins() {
    assertThat(Rhythm.of(Optional.of("500"), 9)).isEqualTo(new Rhythm.Steps(500));
    assertThat(Rhythm.of(Optional.of("90s"), 9)).isEqualTo(new Rhythm.Time(90));
    assertThat(Rhythm.of(Optional.of("10m"), 9)).isEqualTo(new Rhythm.Time(600));
    assertThat(Rhythm.of(Optional.of("2h"), 9)).isEqualTo(new Rhythm.Time(7200));
    assertThat(Rhythm.of(Optional.of("1d"), 9)).isEqualTo(new Rhythm.Time(86_400));
    for (var nothing : List.of("", " ", "often", "0", "0m", "-5", "1.5h")) {
      assertThat(Rhythm.of(Optional.of(nothing), 9)).isEqualTo(new Rhythm.Best(9));
    }
    assertThat(Rhythm.of(Optional.empty(), 9)).isEqualTo(new Rhythm.Best(9));
  }

  @Test
  void aSaveIsDueAfterItsStepsItsTimeOrTheBestInterval() {
    assertThat(Cadence.isDue(new Rhythm.Steps(100), known(99, 1e6))).isFalse();
    assertThat(Cadence.isDue(new Rhythm.Steps(100), known(100, 0))).isTrue();
    assertThat(Cadence.isDue(new Rhythm.Time(600), known(1_000_000, 599))).isFalse();
    assertThat(Cadence.isDue(new Rhythm.Time(600), known(0, 600))).isTrue();
    double best = interval(2, 14_400);
    assertThat(Cadence.isDue(new Rhythm.Best(14_400), known(0, best - 1))).isFalse();
    assertThat(Cadence.isDue(new Rhythm.Best(14_400), known(0, best))).isTrue();
    var stepless =
        new Cadence.Known(OptionalLong.empty(), 1e6, OptionalDouble.of(2), OptionalDouble.empty());
    assertThat(Cadence.isDue(new Rhythm.Steps(1), stepless)).isFalse();
  }

  private static Cadence.Known known(long steps, double seconds) {
    return new Cadence.Known(
        OptionalLong.of(steps), seconds, OptionalDouble.of(2), OptionalDouble.empty());
  }

  @Test
  void aPlacesLifeIsWhatIsAssumedOfItUntilLossesSayOtherwise() {
    assertThat(Lifetimes.meanSeconds("spot", List.of())).isEqualTo(Lifetimes.SPOT_SECONDS);
    assertThat(Lifetimes.meanSeconds("on-demand", List.of()))
        .isEqualTo(Lifetimes.ON_DEMAND_SECONDS);
    var lost = new Lifetimes.Life(600, true);
    assertThat(Lifetimes.meanSeconds("spot", List.of(lost, lost, lost)))
        .isCloseTo((4 * 3600 + 1800) / 4.0, within(1e-9));
    var lived = new Lifetimes.Life(36_000, false);
    assertThat(Lifetimes.meanSeconds("spot", List.of(lived)))
        .isEqualTo(Lifetimes.SPOT_SECONDS + 36_000);
    var nonsense = new Lifetimes.Life(Double.NaN, true);
    assertThat(Lifetimes.meanSeconds("spot", List.of(nonsense))).isEqualTo(Lifetimes.SPOT_SECONDS);
  }

  @Test
  void aLastSaveIsBegunOnlyWhereItArrives() {
    assertThat(fits(120, 10, 20, false)).isTrue();
    assertThat(fits(30, 10, 20, false)).isFalse();
    assertThat(fits(60, 10, 20, false)).isTrue();
    assertThat(fits(60, 10, 20, true)).isFalse();
    assertThat(fits(0, 0, 0, false)).isFalse();
    assertThat(fits(1e6, Double.NaN, 1, false)).isFalse();
    // Nothing was measured yet: half a minute is enough, ten seconds are not.
    var none = OptionalDouble.empty();
    assertThat(LastSave.decide(30, none, none, false).fits()).isTrue();
    assertThat(LastSave.decide(10, none, none, false).fits()).isFalse();
    assertThat(LastSave.decide(10, none, none, false).why()).contains("assumed");
  }

  private static boolean fits(double notice, double save, double upload, boolean uploading) {
    return LastSave.decide(notice, OptionalDouble.of(save), OptionalDouble.of(upload), uploading)
        .fits();
  }
}
