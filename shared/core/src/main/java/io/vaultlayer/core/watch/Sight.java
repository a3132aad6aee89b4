package io.vaultlayer.core.watch;

import io.vaultlayer.core.port.Provider.Sighting;
import java.util.Optional;

/**
 * What a provider lets us know of one instance: by its list, asked for after the lease was read, or
 * when it was asked about this instance alone.
 *
 * @param listed a list came
 * @param complete nothing is missing from it, so that absence from it means something
 * @param shown what the list says of the instance
 * @param visible the instance is old enough that a complete list must show it
 * @param asked the answer of this tick about this instance alone
 */
public record Sight(
    boolean listed,
    boolean complete,
    Optional<Sighting> shown,
    boolean visible,
    Optional<Sighting> asked) {

  /** Nobody knows: no list came, and nobody is asked one by one when a whole API is down. */
  public static final Sight NO_LIST =
      new Sight(false, false, Optional.empty(), false, Optional.empty());

  public static Sight listed(boolean complete, Optional<Sighting> shown, boolean visible) {
    return new Sight(true, complete, shown, visible, Optional.empty());
  }

  public Sight answered(Sighting answer) {
    return new Sight(listed, complete, shown, visible, Optional.of(answer));
  }

  /** The loss that a complete list shows. */
  Optional<Reason> loss() {
    if (!listed || !complete) {
      return Optional.empty();
    }
    if (shown.isEmpty()) {
      return visible ? Optional.of(Reason.LIST_MISSING) : Optional.empty();
    }
    return switch (shown.get()) {
      case GONE -> Optional.of(Reason.LIST_GONE);
      case STOPPED -> Optional.of(Reason.LIST_STOPPED);
      case RUNNING, STARTING, UNKNOWN -> Optional.empty();
    };
  }

  /** The second opinion on a silent instance; empty when it has to be asked for. */
  Optional<Sighting> opinion() {
    return listed ? asked.or(() -> shown) : Optional.of(Sighting.UNKNOWN);
  }
}
