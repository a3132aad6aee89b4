package io.vaultlayer.agent.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LossTrendTest {
  private final LossTrend trend = new LossTrend();

  private void tell(int times, double loss) {
    for (int i = 0; i < times; i++) {
      trend.add(loss);
    }
  }

  @Test
  void aLossThatRunsAwayIsSeenAtTheThirdAndForgivenWhenItComesBack() {
    tell(30, 2.0);
    tell(2, 11.0);
    assertThat(trend.problem()).isEmpty();
    tell(1, 12.0);
    assertThat(trend.problem().orElseThrow()).contains("jumped to 12.00, from a median of 2.000");
    tell(1, 2.1);
    assertThat(trend.problem()).isEmpty();
  }

  @Test
  void anotherLevelIsTrustedOnceItIsTheUsualOne() {
    tell(50, 1.0);
    tell(20, 100.0);
    assertThat(trend.problem()).isPresent();
    tell(10, 100.0);
    assertThat(trend.problem()).isEmpty();
  }

  @Test
  void whatIsNoNumberCountsAtOnce() {
    tell(1, Double.NaN);
    assertThat(trend.problem()).contains("the loss was NaN when it was saved");
    tell(1, 1.0);
    assertThat(trend.problem()).isEmpty();
  }

  @Test
  void noiseFarBelowTheBeginningIsNoJump() {
    tell(10, 2.3);
    tell(50, 1e-6);
    tell(5, 1e-3);
    assertThat(trend.problem()).isEmpty();
  }

  @Test
  void aNoisyRunThatLearnsIsNeverStopped() {
    var chance = new Random(3);
    for (int step = 0; step < 5000; step++) {
      trend.add((8 * Math.exp(-step / 800.0) + 0.5) * (0.5 + chance.nextDouble() * 2));
      assertThat(trend.problem()).as("step %s", step).isEmpty();
    }
  }

  @Test
  void negativeLossesAreLevelsToo() {
    tell(40, -30.0);
    tell(5, -10.0);
    assertThat(trend.problem()).isEmpty();
    tell(3, 500.0);
    assertThat(trend.problem()).isPresent();
  }
}
