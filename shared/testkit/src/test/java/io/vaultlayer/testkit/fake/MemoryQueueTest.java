package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Queue;
import io.vaultlayer.testkit.suite.QueueSuite;
import java.time.Duration;
import java.util.List;

class MemoryQueueTest extends QueueSuite {
  private final ManualClock clock = new ManualClock();
  private final MemoryQueue queue = new MemoryQueue(clock);

  @Override
  protected Queue queue() {
    return queue;
  }

  @Override
  protected List<String> receive() {
    return queue.take();
  }

  @Override
  protected void pass(Duration time) {
    clock.advance(time);
  }
}
