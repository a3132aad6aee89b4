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

  /** Whether the host is to be taken away; the notice stays. */
  public boolean noticed() {
    return waiting.stream().anyMatch(Happening.Notice.class::isInstance);
  }

  /** Takes a notice that came before a moment of the monotonic clock; later ones stay. */
  public Optional<Happening.Notice> takeNotice(long before) {
    Optional<Happening.Notice> notice =
        waiting.stream()
            .filter(Happening.Notice.class::isInstance)
            .map(Happening.Notice.class::cast)
            .filter(n -> n.at() - before < 0)
            .findFirst();
    notice.ifPresent(waiting::remove);
    return notice;
  }

  /** Takes a fence or a dead-man out of the queue, wherever it stands in it. */
  public Optional<Happening> takeEnd() {
    Optional<Happening> end =
        waiting.stream()
            .filter(h -> h instanceof Happening.Fenced || h instanceof Happening.Dead)
            .findFirst();
    end.ifPresent(waiting::remove);
    return end;
  }

  /** Drops what belongs to an attempt that is over: all but a notice, which is about the host. */
  public void nextAttempt() {
    waiting.removeIf(happening -> !(happening instanceof Happening.Notice));
  }
}
