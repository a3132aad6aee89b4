package io.vaultlayer.agent.s3;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A switch that is pulled once: after it, a store starts no request, and one in flight is cut at
 * its next piece of body. This is how a fenced attempt stops sending.
 */
public final class Stop {
  private final CountDownLatch pulled = new CountDownLatch(1);

  public void pull() {
    pulled.countDown();
  }

  public boolean isPulled() {
    return pulled.getCount() == 0;
  }

  /**
   * @throws StoreException.Stopped once pulled
   */
  public void check() throws StoreException.Stopped {
    if (isPulled()) {
      throw new StoreException.Stopped();
    }
  }

  /**
   * Waits, but not past the pull. @throws StoreException.Stopped once pulled or when interrupted
   */
  public void sleep(Duration time) throws StoreException.Stopped {
    try {
      if (pulled.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new StoreException.Stopped();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException.Stopped();
    }
  }
}
