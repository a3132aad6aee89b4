package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Bus;
import io.vaultlayer.testkit.suite.BusSuite;
import java.util.List;

class MemoryBusTest extends BusSuite {
  private final MemoryBus bus = new MemoryBus();

  @Override
  protected Bus bus() {
    return bus;
  }

  @Override
  protected List<MemoryBus.Published> delivered() {
    return bus.take();
  }
}
