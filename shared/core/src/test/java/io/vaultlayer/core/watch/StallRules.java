package io.vaultlayer.core.watch;

import static io.vaultlayer.core.watch.Attempts.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.watch.Verdict.Leave;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Alive is not progressing. */
abstract class StallRules {
  private static final Sight RUNNING = Sight.listed(true, Optional.of(Sighting.RUNNING), true);

  /** Steps told at these seconds, then beats without a new one until {@code until}. */
  private static Lease told(Optional<Double> rate, long until, long... seconds) {
    var lease = Attempts.running(START);
    long step = 0;
    for (long s = 10; s <= until; s += 10) {
      for (long at : seconds) {
        step += at == s ? 1 : 0;
      }
      var now = START.plusSeconds(s);
      lease = step == 0 ? Attempts.beat(lease, now) : Attempts.step(lease, now, step, rate);
    }
    return lease;
  }

  private static Reason at(long second, Lease lease) {
    return Looked.at(START.plusSeconds(second), lease, RUNNING).reason();
  }

  @Test
  void fastStepsStallAfterTenMinutes() {
    var rate = Optional.of(2.0);
    assertThat(at(619, told(rate, 610, 10, 20))).isEqualTo(Reason.HEARD);
    assertThat(at(620, told(rate, 620, 10, 20))).isEqualTo(Reason.STALL);
  }

  @Test
  void slowStepsHaveTwentyTimesTheirOwn() {
    var rate = Optional.of(1 / 60.0);
    assertThat(at(1219, told(rate, 1210, 10, 20))).isEqualTo(Reason.HEARD);
    assertThat(at(1220, told(rate, 1220, 10, 20))).isEqualTo(Reason.STALL);
  }

  @Test
  void aProgramThatTellsEveryManiethStepIsGivenItsOwnPauses() {
    var rate = Optional.of(0.5);
    assertThat(at(3999, told(rate, 3990, 10, 1010))).isEqualTo(Reason.HEARD);
    assertThat(at(4010, told(rate, 4010, 10, 1010))).isEqualTo(Reason.STALL);
  }

  @Test
  void aSlowFirstStepIsNoStallAndOneStepSaysNothingOfThePace() {
    assertThat(at(7200, told(Optional.empty(), 7200))).isEqualTo(Reason.HEARD);
    assertThat(at(3600, told(Optional.empty(), 3600, 10))).isEqualTo(Reason.HEARD);
    assertThat(at(3610, told(Optional.empty(), 3610, 10))).isEqualTo(Reason.STALL);
  }

  @Test
  void whileItSavesItDoesNotStall() {
    var lease = told(Optional.of(2.0), 620, 10, 20);
    var saving =
        Attempts.then(
            lease,
            l ->
                new JobEvent.Heartbeat(
                    START.plusSeconds(620),
                    1,
                    l.token().orElseThrow(),
                    l.run().beat() + 1,
                    "saving",
                    Optional.of(2L),
                    Optional.of(1L),
                    Optional.empty(),
                    Optional.empty()));
    assertThat(at(621, saving)).isEqualTo(Reason.HEARD);
  }

  @Test
  void aStallIsRestartedInPlaceAndThenMoved() {
    var stuck = told(Optional.of(2.0), 620, 10, 20);
    var now = START.plusSeconds(620);
    var stalled =
        Attempts.then(stuck, l -> new JobEvent.Stall(now, l.epoch(), l.sequence(), "no step"));
    assertThat(at(621, stalled)).isEqualTo(Reason.STALL_RESTARTING);
    var heard = stalled;
    for (long s = 630; s <= 920; s += 10) {
      heard = Attempts.step(heard, START.plusSeconds(s), 2, Optional.empty());
    }
    var fence = (Verdict.Fence) Looked.at(START.plusSeconds(920), heard, RUNNING);
    assertThat(fence.reason()).isEqualTo(Reason.STALL_STANDS);
    assertThat(fence.cause()).isEqualTo(FenceCause.STALLED);
    assertThat(fence.outcome()).isEqualTo(Outcome.STALLED);
    var advanced = Attempts.step(stalled, START.plusSeconds(630), 3, Optional.of(2.0));
    assertThat(at(631, advanced)).isEqualTo(Reason.HEARD);
  }

  @Test
  void aSecondStallAfterARestartInPlaceIsMovedAtOnce() {
    var stuck = told(Optional.of(2.0), 620, 10, 20);
    var again = Attempts.restartedAfterStall(stuck, START.plusSeconds(620));
    for (long s = 630; s <= 1300; s += 10) {
      again = Attempts.step(again, START.plusSeconds(s), Math.min(s, 640), Optional.of(2.0));
    }
    var now = START.plusSeconds(1300);
    var stalled =
        Attempts.then(again, l -> new JobEvent.Stall(now, l.epoch(), l.sequence(), "no step"));
    assertThat(at(1301, stalled)).isEqualTo(Reason.STALL_AGAIN);
  }

  @Test
  void aProgramWithoutStepsIsOnlyTalkedAbout() {
    var lease = Attempts.running(START);
    for (long s = 10; s <= 7300; s += 10) {
      var now = START.plusSeconds(s);
      lease = Attempts.beat(lease, now);
      if (s == 300 || s == 600) {
        lease = Attempts.commit(lease, now, s);
      }
      if (s == 4000) {
        assertThat(at(s, lease)).isEqualTo(Reason.HEARD);
      }
    }
    assertThat(Looked.at(START.plusSeconds(7300), lease, RUNNING))
        .isEqualTo(new Leave(Reason.COMMITS_STOPPED));
    assertThat(Stalls.limit(lease.run())).isEqualTo(Duration.ofHours(1));
  }
}
