package io.vaultlayer.core.port;

import java.util.List;
import java.util.Optional;

/**
 * Part of a listing.
 *
 * @param next hand it back to read on; empty when the listing is complete
 */
public record Page(List<Item> items, Optional<String> next) {
  public Page {
    items = List.copyOf(items);
  }
}
