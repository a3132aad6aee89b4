package io.vaultlayer.functions.planted.one;

import io.vaultlayer.functions.planted.two.UsesOne;
import java.util.Optional;

/** Half of a circle. */
public record UsesTwo(Optional<UsesOne> two) {
  public boolean is(UsesOne other) {
    return two.filter(other::equals).isPresent();
  }
}
