package io.vaultlayer.core.port;

import java.time.Instant;

/**
 * The sparse index entry of a row that owes work: the sweep of {@code partition} acts on the row at
 * {@code at}. Rows that owe nothing carry none, so the index holds only due work.
 */
public record Due(String partition, Instant at) {
  public Due {
    if (partition == null || partition.isBlank() || at == null) {
      throw new IllegalArgumentException("due needs a partition and a time");
    }
  }
}
