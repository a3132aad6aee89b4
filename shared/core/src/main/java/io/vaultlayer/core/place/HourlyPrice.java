package io.vaultlayer.core.place;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Prices of machines, as reasons tell them. */
public final class HourlyPrice {
  /** Decimal places of the cheapest offers that providers name. */
  private static final int MOST_PLACES = 4;

  private HourlyPrice() {}

  /** Such as {@code $1.10/h}: at least two decimal places, at most four. {@code usd} an hour. */
  public static String text(double usd) {
    var rounded =
        BigDecimal.valueOf(usd).setScale(MOST_PLACES, RoundingMode.HALF_UP).stripTrailingZeros();
    return "$" + rounded.setScale(Math.max(2, rounded.scale())).toPlainString() + "/h";
  }
}
