package io.vaultlayer.core.place;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HourlyPriceTest {
  @ParameterizedTest
  @CsvSource({
    "0, $0.00/h",
    "1.1, $1.10/h",
    "10, $10.00/h",
    "0.127, $0.127/h",
    "0.00004, $0.00/h",
    "0.12345, $0.1235/h",
    "1200, $1200.00/h"
  })
  void twoToFourDecimalPlaces(double usd, String text) {
    assertThat(HourlyPrice.text(usd)).isEqualTo(text);
  }
}
