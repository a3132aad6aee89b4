package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Money is renewed while a launch is open or bound. */
abstract class PayingRules {
  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void moneyOnlyEverReachesFurther() {
    var job = Walk.running();
    var fund = job.fund(1, 1, HOUR);
    job.takes(Edge.FUNDED, fund).recognises(fund);
    assertThat(job.lease().boundLaunch().orElseThrow().fundedUntil())
        .contains(job.now().plus(HOUR));
    job.recognises(job.fund(1, 1, HOUR.dividedBy(2)));
    job.later(HOUR.dividedBy(2)).takes(Edge.FUNDED, job.fund(1, 1, HOUR));
  }

  @Test
  void whateverMayCostMoneyIsPaidFor() {
    for (var job : new Walk[] {Walk.intended(), Walk.launched(), Walk.registered()}) {
      job.takes(Edge.FUNDED, job.fund(1, 1, HOUR));
    }
    var draining = Walk.saving();
    draining.takes(Edge.SUCCESSOR_DECLARED, draining.prepareSuccessor());
    draining.takes(Edge.FUNDED, draining.fund(2, 2, HOUR));
    draining.takes(Edge.FUNDED, draining.fund(1, 1, HOUR));
  }

  @Test
  void nothingIsPaidThatTheJobDoesNotOwn() {
    var job = Walk.running();
    job.ignores(Why.LAUNCH_UNKNOWN, job.fund(1, 2, HOUR));
    job.ignores(Why.LAUNCH_UNKNOWN, job.fund(2, 1, HOUR));
    job.isLost().ignores(Why.WRONG_STATE, job.fund(1, 1, HOUR));
    var over = Walk.ended(Edge.STOPPED);
    over.ignores(Why.JOB_ENDED, over.fund(1, 1, HOUR));
  }

  @Test
  void aRestartInPlaceKeepsWhatIsPaid() {
    var job = Walk.running();
    job.takes(Edge.FUNDED, job.fund(1, 1, HOUR));
    job.takes(Edge.RESTARTED_IN_PLACE, job.nextEpoch());
    assertThat(job.lease().boundLaunch().orElseThrow().fundedUntil()).isPresent();
    job.recognises(job.fund(2, 1, HOUR.dividedBy(2)));
  }
}
