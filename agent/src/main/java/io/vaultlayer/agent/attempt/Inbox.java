package io.vaultlayer.agent.attempt;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What has happened, for the one thread that acts on it. Notices outlive an attempt. */
public final class Inbox {
  private final BlockingQueue<Happening> waiting = new LinkedBlockingQueue<>();

  public void put(Happening happening) {
    waiting.add(happening);
  }

  public Happening take() throws InterruptedException {
    return waiting.take();
  }

  public Optional<Happening> take(Duration limit) throws InterruptedException {
    return Optional.ofNullable(waiting.poll(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS));
  }

  /** Drops what belongs to an attempt that is over: all but a notice, which is about the host. */
  public void nextAttempt() {
    waiting.removeIf(happening -> !(happening instanceof Happening.Notice));
  }
}
