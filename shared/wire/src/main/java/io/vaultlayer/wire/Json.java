package io.vaultlayer.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Map;

/**
 * The one JSON codec. Times travel as RFC 3339 text, so records hold them as String; unknown fields
 * are ignored.
 */
public final class Json {
  private static final int DEEPEST = 64;
  private static final ObjectMapper MAPPER = mapper();

  private Json() {}

  /** Reads a document. @throws MalformedJson with a message fit for the caller */
  public static <T> T parse(String text, Class<T> type) {
    try {
      T value = MAPPER.readValue(text, type);
      if (value == null) {
        throw new MalformedJson("the document is null");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new MalformedJson(e.getOriginalMessage());
    }
  }

  /** Reads any JSON document as a tree. @throws MalformedJson */
  public static JsonNode tree(String text) {
    return parse(text, JsonNode.class);
  }

  /** One line of JSON. */
  public static String render(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "cannot be written as JSON: " + value.getClass().getSimpleName(), e);
    }
  }

  /** Turns a record into a map and back, for stored attributes. Nulls are left out. */
  @SuppressWarnings("unchecked")
  public static Map<String, Object> toMap(Object value) {
    var map = (Map<String, Object>) MAPPER.convertValue(value, Map.class);
    return (Map<String, Object>) withoutNulls(map);
  }

  /** Builds a record from a map. @throws MalformedJson when a value does not fit */
  public static <T> T fromMap(Map<String, Object> map, Class<T> type) {
    try {
      return MAPPER.convertValue(map, type);
    } catch (IllegalArgumentException e) {
      throw new MalformedJson(
          String.valueOf(e.getMessage()).lines().findFirst().orElse("unreadable"));
    }
  }

  private static Object withoutNulls(Object value) {
    if (value instanceof Map<?, ?> map) {
      var out = new java.util.LinkedHashMap<String, Object>();
      map.forEach((k, v) -> {
        if (v != null) {
          out.put((String) k, withoutNulls(v));
        }
      });
      return out;
    }
    if (value instanceof java.util.List<?> list) {
      return list.stream().filter(java.util.Objects::nonNull).map(Json::withoutNulls).toList();
    }
    if (value instanceof Integer number) {
      return number.longValue();
    }
    return value;
  }

  private static ObjectMapper mapper() {
    var mapper =
        JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .defaultPropertyInclusion(
                JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS))
            .build();
    mapper
        .getFactory()
        .setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build());
    return mapper;
  }

  /** The text is no JSON or not of the asked shape. */
  public static final class MalformedJson extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MalformedJson(String message) {
      super(message);
    }
  }
}
