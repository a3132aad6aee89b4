package io.vaultlayer.aws;

import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.TransportUnavailable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;

/** One bus of EventBridge; every event has the source {@code vaultlayer}. */
public final class EventBridgeBus implements Bus {
  private static final String SOURCE = "vaultlayer";
  private static final int MOST_BYTES = 64 * 1024;

  private final EventBridgeClient client;
  private final String name;

  public EventBridgeBus(EventBridgeClient client, String name) {
    this.client = client;
    this.name = name;
  }

  @Override
  public void publish(String detailType, String detailJson) {
    if (detailType.isBlank() || !detailJson.startsWith("{")) {
      throw new IllegalArgumentException("an event has a detail type and a JSON object");
    }
    if (detailJson.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      throw new IllegalArgumentException("an event's detail has at most " + MOST_BYTES + " bytes");
    }
    var doing = "publishing " + detailType + " on bus " + name;
    try {
      var entry =
          PutEventsRequestEntry.builder()
              .eventBusName(name)
              .source(SOURCE)
              .detailType(detailType)
              .detail(detailJson)
              .build();
      var answer = client.putEvents(request -> request.entries(List.of(entry)));
      // A refused event still answers 200.
      if (answer.failedEntryCount() != null && answer.failedEntryCount() > 0) {
        throw new TransportUnavailable(
            doing + ": refused with " + answer.entries().getFirst().errorCode(), null);
      }
    } catch (SdkException failure) {
      throw Failures.transport(doing, failure);
    }
  }
}
