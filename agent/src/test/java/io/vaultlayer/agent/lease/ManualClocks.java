package io.vaultlayer.agent.lease;

import java.time.Duration;

/** Clocks that stand until they are moved. */
public final class ManualClocks implements Clocks {
  private long monotonic = 5_000_000_000L;
  private long wall = 1_700_000_000_000_000_000L;

  @Override
  public synchronized long monotonic() {
    return monotonic;
  }

  @Override
  public synchronized long wall() {
    return wall;
  }

  public synchronized void pass(Duration time) {
    monotonic += time.toNanos();
    wall += time.toNanos();
  }

  /** The wall clock alone: the machine was suspended, or its time was set. */
  public synchronized void jump(Duration time) {
    wall += time.toNanos();
  }
}
