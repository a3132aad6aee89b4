package io.vaultlayer.core.port;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The sparse index entry of a row that owes work: the sweep of {@code partition} acts on the row at
 * {@code at}. Rows that owe nothing carry none, so the index holds only due work.
 *
 * @param at kept in whole milliseconds, as every store keeps it; years 1970 to 9999
 */
public record Due(String partition, Instant at) {
  private static final Instant END = Instant.parse("9999-12-31T23:59:59.999Z");

  public Due {
    if (partition == null || partition.isBlank() || at == null) {
      throw new IllegalArgumentException("due needs a partition and a time");
    }
    if (at.isBefore(Instant.EPOCH) || at.isAfter(END)) {
      throw new IllegalArgumentException("due at " + at + " lies outside the years 1970 to 9999");
    }
    at = at.truncatedTo(ChronoUnit.MILLIS);
  }
}
