package io.vaultlayer.core.money;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How long money lasts. */
class FundingTest {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:00Z");

  @Test
  void anHourIsReservedWithItsTeardownWhereTheBudgetCoversIt() {
    var grant = Funding.first(100, 3, NOW).orElseThrow();
    assertThat(grant.until()).isEqualTo(NOW.plus(Funding.LONGEST));
    assertThat(grant.usd()).isEqualTo(3 + 3 * 2 / 60.0);
    assertThat(Funding.first(Double.POSITIVE_INFINITY, 3, NOW)).contains(grant);
  }

  @Test
  void lessThanTheShortestHorizonIsNotBegun() {
    double seven = Funding.cost(Funding.SHORTEST.plus(Funding.TEARDOWN), 6);
    assertThat(Funding.first(seven + 1e-6, 6, NOW).orElseThrow().until())
        .isEqualTo(NOW.plus(Funding.SHORTEST));
    assertThat(Funding.first(seven - 0.01, 6, NOW)).isEmpty();
    assertThat(Funding.first(-1, 6, NOW)).isEmpty();
  }

  @Test
  void aRenewalReachesAnHourAheadAndOnlyWhileThereIsMoney() {
    var ends = NOW.plus(Duration.ofMinutes(4));
    assertThat(Funding.renewal(100, 3, ends, NOW).orElseThrow().until())
        .isEqualTo(NOW.plus(Funding.LONGEST));
    assertThat(Funding.renewal(0.5, 3, ends, NOW).orElseThrow())
        .isEqualTo(new Funding.Grant(0.5, ends.plus(Duration.ofMinutes(10))));
    assertThat(Funding.renewal(0.01, 3, ends, NOW)).isEmpty();
    assertThat(Funding.renewal(0.5, 3, NOW.minus(Duration.ofMinutes(11)), NOW))
        .as("what was unpaid meanwhile costs more than there is")
        .isEmpty();
  }

  @Test
  void moreThanThereIsIsNeverReserved() {
    var random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      double left = random.nextDouble() * 10;
      double price = 0.01 + random.nextDouble() * 20;
      Funding.first(left, price, NOW)
          .ifPresent(g -> assertThat(g.usd()).isLessThanOrEqualTo(left + 1e-9));
      var ends = NOW.plusSeconds(random.nextInt(1200) - 600);
      Funding.renewal(left, price, ends, NOW)
          .ifPresent(g -> {
            assertThat(g.usd()).isLessThanOrEqualTo(left + 1e-9);
            assertThat(g.until()).isAfter(NOW).isAfter(ends);
          });
    }
  }
}
