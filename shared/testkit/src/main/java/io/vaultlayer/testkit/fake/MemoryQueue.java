package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.TransportUnavailable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A queue that keeps what was sent until {@link #take}; delays follow the clock given. */
public final class MemoryQueue implements Queue {
  /** As SQS with our limit: the body in UTF-8. */
  public static final int MOST_BYTES = 64 * 1024;

  private record Message(Instant readyAt, String body) {}

  private final InstantSource clock;
  private final List<Message> waiting = new ArrayList<>();
  private boolean down;

  public MemoryQueue(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public synchronized void send(String body, Duration delay) {
    if (body.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES || body.isEmpty()) {
      throw new IllegalArgumentException("a message has 1 to " + MOST_BYTES + " bytes");
    }
    if (delay.isNegative() || delay.compareTo(MOST_DELAY) > 0 || delay.getNano() != 0) {
      throw new IllegalArgumentException(
          "a delay is 0 to " + MOST_DELAY.toSeconds() + " whole seconds, not " + delay);
    }
    if (down) {
      throw new TransportUnavailable("the queue is down", null);
    }
    waiting.add(new Message(clock.instant().plus(delay), body));
  }

  /** Removes and returns what is ready by now, longest ready first. */
  public synchronized List<String> take() {
    var now = clock.instant();
    var ready =
        waiting.stream()
            .filter(message -> !message.readyAt().isAfter(now))
            .sorted(Comparator.comparing(Message::readyAt))
            .toList();
    waiting.removeAll(ready);
    return ready.stream().map(Message::body).toList();
  }

  /** Bodies still in the queue, ready or delayed. */
  public synchronized List<String> peek() {
    return waiting.stream().map(Message::body).toList();
  }

  /** While down every send fails and nothing is kept. */
  public synchronized void down(boolean isDown) {
    down = isDown;
  }
}
