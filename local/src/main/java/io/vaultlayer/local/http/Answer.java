package io.vaultlayer.local.http;

import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** What goes back over the wire. */
public record Answer(int status, Map<String, String> headers, byte[] body) {
  private static final Map<String, String> JSON = Map.of("content-type", "application/json");

  public static Answer json(int status, Object document) {
    return new Answer(status, JSON, Json.render(document).getBytes(StandardCharsets.UTF_8));
  }

  public static Answer error(int status, String code, String message) {
    return json(status, ErrorDocument.of(code, message));
  }

  Answer with(String header, String value) {
    var more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Answer(status, more, body);
  }

  /**
   * Renders a function's answer of format 2.0; one without {@code statusCode} is the body itself.
   *
   * @throws IllegalArgumentException when it is no answer
   */
  static Answer of(Map<String, Object> answer) {
    if (answer == null) {
      throw new IllegalArgumentException("the function answered nothing");
    }
    if (!(answer.get("statusCode") instanceof Number status)) {
      return json(200, answer);
    }
    var headers = new LinkedHashMap<String, String>();
    if (answer.get("headers") instanceof Map<?, ?> given) {
      given.forEach((name, value) ->
          headers.put(
              String.valueOf(name).toLowerCase(java.util.Locale.ROOT), String.valueOf(value)));
    }
    headers.putIfAbsent("content-type", "application/json");
    var text = answer.get("body") == null ? "" : String.valueOf(answer.get("body"));
    return new Answer(
        status.intValue(),
        headers,
        Boolean.TRUE.equals(answer.get("isBase64Encoded"))
            ? Base64.getDecoder().decode(text)
            : text.getBytes(StandardCharsets.UTF_8));
  }
}
