package io.vaultlayer.agent.system;

import io.vaultlayer.agent.lease.Clocks;
import java.util.concurrent.TimeUnit;

/** The clocks of this host. The monotonic one stands still while Linux is suspended. */
public final class HostClocks implements Clocks {
  @Override
  public long monotonic() {
    return System.nanoTime();
  }

  @Override
  public long wall() {
    return TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
  }
}
