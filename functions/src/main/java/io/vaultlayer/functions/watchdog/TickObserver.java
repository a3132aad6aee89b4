package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.watch.Breakers;
import io.vaultlayer.core.watch.Census;
import io.vaultlayer.core.watch.Finding;
import io.vaultlayer.core.watch.Memory;
import io.vaultlayer.core.watch.Turn;
import java.time.Instant;
import java.util.List;

/** Who wants to know what each tick saw: explanations, metrics, a simulation. */
@FunctionalInterface
public interface TickObserver {
  /**
   * One sweep, told when it is stored and before anything is done about it.
   *
   * @param memory as it is stored now; its breakers say what holds fleet-wide
   * @param changes of breakers in this tick
   * @param findings one for every lease that was read: the job, what becomes of it, and why
   */
  record Seen(
      Instant at,
      Turn.Why turn,
      Memory memory,
      List<Breakers.Change> changes,
      Census census,
      List<Finding> findings) {}

  void saw(Seen tick);
}
