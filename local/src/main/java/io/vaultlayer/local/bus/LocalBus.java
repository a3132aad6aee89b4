package io.vaultlayer.local.bus;

import io.vaultlayer.core.port.Bus;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import software.amazon.event.ruler.Machine;

/**
 * One bus: wraps an event as EventBridge does and sends it to the targets of every rule it fits.
 */
public final class LocalBus implements Bus {
  private static final String SOURCE = "vaultlayer";
  private static final int MOST_BYTES = 64 << 10;

  private final Machine machine = Machine.builder().build();
  private final Map<String, Template.Rule> rules = new HashMap<>();
  private final Deliveries deliveries;
  private final InstantSource clock;

  /**
   * @throws PlaneRefused naming the rule whose pattern is none
   */
  public LocalBus(String name, Template template, Deliveries deliveries, InstantSource clock) {
    this.deliveries = deliveries;
    this.clock = clock;
    for (var rule : template.rules()) {
      if (rule.pattern().isPresent() && rule.bus().equals(name)) {
        add(rule, rule.pattern().get());
      }
    }
  }

  private void add(Template.Rule rule, String pattern) {
    try {
      machine.addRule(rule.name(), pattern);
    } catch (IOException | RuntimeException e) {
      throw new PlaneRefused(
          "template",
          "starting the embedded plane: resource "
              + rule.name()
              + ": EventPattern: "
              + e.getMessage(),
          e);
    }
    rules.put(rule.name(), rule);
  }

  @Override
  public void publish(String detailType, String detailJson) {
    if (detailType.isBlank() || detailJson.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      throw new IllegalArgumentException("an event has a type, and a detail of at most 64 KiB");
    }
    var envelope = envelope(detailType, detailJson);
    for (var name : matching(envelope)) {
      deliveries.send(rules.get(name), envelope);
    }
  }

  private String envelope(String detailType, String detailJson) {
    Object detail;
    try {
      detail = Json.parse(detailJson, Map.class);
    } catch (Json.MalformedJson e) {
      throw new IllegalArgumentException("an event's detail is a JSON object", e);
    }
    var event = new LinkedHashMap<String, Object>();
    event.put("version", "0");
    event.put("id", UUID.randomUUID().toString());
    event.put("detail-type", detailType);
    event.put("source", SOURCE);
    event.put("account", LocalNames.ACCOUNT);
    event.put("time", clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
    event.put("region", LocalNames.REGION);
    event.put("resources", List.of());
    event.put("detail", detail);
    return Json.render(event);
  }

  private List<String> matching(String envelope) {
    try {
      return machine.rulesForJSONEvent(envelope);
    } catch (Exception e) {
      throw new IllegalStateException("an envelope of our own making cannot be matched", e);
    }
  }
}
