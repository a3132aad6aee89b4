package io.vaultlayer.bench.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.report.Bench;
import io.vaultlayer.bench.report.Figures;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The promises of bench/detection on a few hundred deaths: enough to notice when one breaks. */
class DetectionTest {
  private static final int JOBS = 100;

  /**
   * Of sixty deaths the p99 would be their maximum, of which nothing is promised; and in a fleet of
   * a hundred so many deaths make a tenth late at a time by chance, which opens the breaker.
   */
  private static final int DEATHS = 500;

  private static final int DYING_JOBS = 400;

  @Test
  void aDeathThatTheListShowsIsFencedWithinOneTickAndOneCall() throws InterruptedException {
    var seconds = deaths(DeathClass.CONFIRMED, DEATHS);
    assertThat(seconds.quantile(0.99)).isLessThan(Promises.TICK_AND_CALL_SECONDS);
    assertThat(seconds.mean()).isLessThan(7);
  }

  @Test
  void aDeathThatTheProviderCallsRunningIsFencedWithinLeaseGraceAndTick()
      throws InterruptedException {
    var seconds = deaths(DeathClass.SAYS_RUNNING, DEATHS);
    assertThat(seconds.mean()).isLessThan(62);
    assertThat(seconds.quantile(0.99)).isLessThan(72);
  }

  @Test
  void aDeathThatTheProviderIsSilentAboutIsFencedWithinLeaseAndTick() throws InterruptedException {
    var seconds = deaths(DeathClass.SILENT, DEATHS);
    assertThat(seconds.mean()).isLessThan(42);
    assertThat(seconds.quantile(0.99)).isLessThan(50);
  }

  @Test
  void tenMinutesWithoutOurIngressFenceNobody() throws InterruptedException {
    for (var kind : Outages.Kind.values()) {
      var seen = inAWorld(() -> Outages.play(kind, JOBS, 3));
      assertThat(seen.falseFences()).isZero();
      assertThat(seen.training()).isEqualTo(JOBS);
    }
  }

  @Test
  void aNoticeBringsAReplacementBeforeTheHostIsGone() throws InterruptedException {
    var seen = inAWorld(() -> Notices.play(30, JOBS, 40, 5));
    assertThat(seen.notices()).isGreaterThan(20);
    assertThat(seen.inTime()).isEqualTo(seen.notices());
  }

  @Test
  void lostBeatsRarelyFenceAHostThatLives() throws InterruptedException {
    var seen = inAWorld(() -> Silences.runs(Trainer.Tries.ONE, false, JOBS, 80, 7));
    assertThat(seen.runs()).isGreaterThan(50);
    assertThat(seen.perMonthAtMost()).isLessThan(0.3);
  }

  private static Figures deaths(DeathClass how, int count) throws InterruptedException {
    var figures = new Figures();
    var seen = inAWorld(() -> Deaths.play(how, DYING_JOBS, count, 11, figures));
    assertThat(figures.count()).isGreaterThanOrEqualTo(count);
    assertThat(seen.unfenced()).isZero();
    assertThat(seen.falseFences()).isZero();
    return figures;
  }

  private static <T> T inAWorld(Supplier<T> played) throws InterruptedException {
    var result = new AtomicReference<T>();
    Bench.worlds(List.of(() -> result.set(played.get())));
    return result.get();
  }
}
