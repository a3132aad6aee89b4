package io.vaultlayer.agent.hook;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** One line of {@code events.jsonl}. Written by the script's processes, so nothing is relied on. */
public record HookEvent(String name, JsonNode fields) {
  private static final int MOST_FIELDS = 24;

  public Optional<String> text(String field) {
    JsonNode value = fields.path(field);
    return value.isTextual() ? Optional.of(value.asText()) : Optional.empty();
  }

  public OptionalLong number(String field) {
    JsonNode value = fields.path(field);
    return value.isIntegralNumber() && value.canConvertToLong() && value.asLong() >= 0
        ? OptionalLong.of(value.asLong())
        : OptionalLong.empty();
  }

  public OptionalDouble seconds() {
    JsonNode value = fields.path("seconds");
    return value.isNumber() && value.asDouble() >= 0
        ? OptionalDouble.of(value.asDouble())
        : OptionalDouble.empty();
  }

  public boolean is(String field) {
    return fields.path(field).asBoolean(false);
  }

  /** For the agent's log. */
  Map<String, String> told() {
    var told = new LinkedHashMap<String, String>();
    fields
        .properties()
        .forEach(field -> {
          boolean named = field.getKey().equals("event") || field.getKey().equals("at");
          if (!named && told.size() < MOST_FIELDS) {
            JsonNode value = field.getValue();
            told.put(field.getKey(), value.isTextual() ? value.asText() : value.toString());
          }
        });
    return told;
  }
}
