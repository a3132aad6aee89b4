package io.vaultlayer.core.money;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MoneyTest {
  private final Money ten = Money.fresh(Optional.of(10.0));

  @Test
  void aReservationIsReleasedOnce() {
    var settled = ten.reserve("a", 4).settle("a", 1);
    assertThat(settled.spentUsd()).isEqualTo(1);
    assertThat(settled.reserved()).isEmpty();
    assertThat(settled.settle("a", 1)).isEqualTo(settled);
  }

  @Test
  void whatIsHeldWithoutAGrantLeavesLessForGrantsAndIsNoGrant() {
    var held = ten.reserve("a", 4).hold("b", 7);
    assertThat(held.affords(0.01)).isFalse();
    assertThat(held.isOverGranted()).isFalse();
    assertThat(held.ungrantedUsd()).isEqualTo(7);
  }

  @Test
  void onlyAGrantBeyondTheBudgetBreaksTheLaw() {
    assertThat(ten.reserve("a", 11).isOverGranted()).isTrue();
    assertThat(Money.fresh(Optional.empty()).reserve("a", 11).isOverGranted()).isFalse();
    var random = new Random(5);
    var money = ten;
    for (int i = 0; i < 10_000; i++) {
      var label = "l" + random.nextInt(4);
      double usd = random.nextInt(40) / 10.0;
      money =
          switch (random.nextInt(4)) {
            case 0 ->
                money.reserved().containsKey(label) || !money.affords(usd)
                    ? money
                    : money.reserve(label, usd);
            case 1 -> money.hold(label, usd);
            case 2 -> money.settle(label, usd);
            default -> random.nextInt(50) == 0 ? ten : money.spend(usd);
          };
      assertThat(money.isOverGranted()).isFalse();
    }
  }

  @Test
  void itKeepsItsStoredForm() {
    var money = ten.reserve("a", 4).hold("b", 2).settle("b", 3).spend(1);
    assertThat(Money.parse(money.attributes())).isEqualTo(money);
  }
}
