package io.vaultlayer.functions.http;

import io.vaultlayer.functions.state.DecisionLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * SQS's event in, the failed messages out: one poisoned message must not bring its neighbours back.
 */
public final class Batches {
  private Batches() {}

  /**
   * Hands each message's body to {@code work}; those that it throws on are reported for redelivery.
   */
  public static Map<String, Object> handle(
      Map<String, Object> event, DecisionLog log, Consumer<String> work) {
    var failed = new ArrayList<Map<String, Object>>();
    if (event.get("Records") instanceof List<?> records) {
      for (var entry : records) {
        if (entry instanceof Map<?, ?> message) {
          try {
            work.accept(String.valueOf(message.get("body")));
          } catch (RuntimeException e) {
            log.note("message failed", String.valueOf(message.get("messageId")), Crash.describe(e));
            failed.add(Map.of("itemIdentifier", String.valueOf(message.get("messageId"))));
          }
        }
      }
    }
    return Map.of("batchItemFailures", failed);
  }
}
