package io.vaultlayer.core.reap;

import io.vaultlayer.core.port.Provider.Seen;
import java.util.List;

/**
 * What the reaper decides about one instance item. {@link #next} is written on the condition that
 * the item has not moved, in one transaction with the {@link #booking}; only then is anything done.
 */
public sealed interface Verdict {
  /** The item as it is to stand. */
  InstanceRow next();

  Reason reason();

  Booking booking();

  /** Nothing is done but to look again when the item is due. */
  record Keep(InstanceRow next, Reason reason, Booking booking) implements Verdict {}

  /** Apply {@code Launched} to the lease with what was seen, then look again. */
  record Adopt(InstanceRow next, Reason reason, Seen seen) implements Verdict {
    @Override
    public Booking booking() {
      return Booking.NONE;
    }
  }

  /**
   * Ask for the end; it is never believed, the item stays due.
   *
   * @param only instance ids to end; empty: everything under the label
   */
  record Terminate(InstanceRow next, Reason reason, Booking booking, List<String> only)
      implements Verdict {
    public Terminate {
      only = List.copyOf(only);
    }
  }

  /** Confirmed gone: the one write that releases the money. */
  record Gone(InstanceRow next, Reason reason, Booking booking) implements Verdict {}

  /** The item is wrong about the world: put it right with its money, then look again. */
  record Reopen(InstanceRow next, Reason reason, Booking booking) implements Verdict {}

  /** There is nothing to write. */
  record Nothing(InstanceRow next, Reason reason) implements Verdict {
    @Override
    public Booking booking() {
      return Booking.NONE;
    }
  }
}
