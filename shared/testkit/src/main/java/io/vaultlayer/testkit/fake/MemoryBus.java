package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.TransportUnavailable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Keeps every event published, in order. */
public final class MemoryBus implements Bus {
  /** The contract's limit of an event's detail. */
  public static final int MOST_BYTES = 64 * 1024;

  /** One event as it was published. */
  public record Published(String detailType, String detailJson) {}

  private final List<Published> published = new ArrayList<>();
  private boolean down;

  @Override
  public synchronized void publish(String detailType, String detailJson) {
    if (detailType.isBlank() || !detailJson.startsWith("{")) {
      throw new IllegalArgumentException("an event has a detail type and a JSON object");
    }
    if (detailJson.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      throw new IllegalArgumentException("an event's detail has at most " + MOST_BYTES + " bytes");
    }
    if (down) {
      throw new TransportUnavailable("the bus is down", null);
    }
    published.add(new Published(detailType, detailJson));
  }

  /** Everything published so far. */
  public synchronized List<Published> published() {
    return List.copyOf(published);
  }

  /** Removes and returns what was published since the last call. */
  public synchronized List<Published> take() {
    var taken = List.copyOf(published);
    published.clear();
    return taken;
  }

  /** While down every publish fails and nothing is kept. */
  public synchronized void down(boolean isDown) {
    down = isDown;
  }
}
