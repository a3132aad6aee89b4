package io.vaultlayer.functions.watchdog;

import io.vaultlayer.wire.Json;
import java.util.Map;
import java.util.Optional;

/**
 * The message that makes a tick. A sweep calls for a fresh one. A tick that could not sweep (the
 * store failed, another sweep was at work or just done) passes its own on, a limited number of
 * times: queues double messages, and doubles that call for each other without end would be a storm.
 * Where the chain ends, the minute's schedule begins a new one.
 *
 * @param repeats how often this call may still be passed on
 */
record TickCall(int repeats) {
  /** A minute's worth of ten-second ticks: then the schedule has spoken again. */
  static final int MOST_REPEATS = 6;

  static final TickCall FRESH = new TickCall(MOST_REPEATS);

  /** A body that does not say, as the schedule's, is a fresh call; nobody's number is trusted. */
  static TickCall parse(String body) {
    try {
      int repeats = Json.tree(body).path("repeats").asInt(MOST_REPEATS);
      return new TickCall(Math.clamp(repeats, 0, MOST_REPEATS));
    } catch (Json.MalformedJson e) {
      return FRESH;
    }
  }

  /** The same call, once more; empty when it was passed on often enough. */
  Optional<TickCall> again() {
    return repeats == 0 ? Optional.empty() : Optional.of(new TickCall(repeats - 1));
  }

  String body() {
    return Json.render(Map.of("tick", "next", "repeats", repeats));
  }
}
