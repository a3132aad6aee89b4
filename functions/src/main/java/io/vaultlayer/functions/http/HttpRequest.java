package io.vaultlayer.functions.http;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a handler needs of an API Gateway v2 event. */
public record HttpRequest(
    String route,
    Map<String, String> path,
    Map<String, String> query,
    Map<String, String> headers,
    String body) {
  /** Largest accepted body; the gateway's own limit is 10 MB, Lambda's 6. */
  public static final int MOST_BODY = 1 << 20;

  /** Most rows in one answer, and how many unless asked. */
  public static final int MOST_LIMIT = 1000;

  public static HttpRequest parse(Map<String, Object> event) {
    var body = event.get("body") instanceof String text ? text : "";
    if (Boolean.TRUE.equals(event.get("isBase64Encoded"))) {
      body = new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8);
    }
    return new HttpRequest(
        String.valueOf(event.get("routeKey")),
        strings(event, "pathParameters"),
        strings(event, "queryStringParameters"),
        lowerCase(strings(event, "headers")),
        body);
  }

  /** The job named in the path. */
  public JobId job(String parameter) {
    var text = path.get(parameter);
    if (!JobId.looksLike(text)) {
      throw new ApiError(
          404, "no_such_job", "finding job " + text + ": no such job; `vl ps -a` lists them");
    }
    return new JobId(text);
  }

  public int epoch() {
    try {
      int epoch = Integer.parseInt(path.getOrDefault("epoch", ""));
      if (epoch >= 1) {
        return epoch;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new ApiError(
        400, "malformed", "reading the path: the epoch is no number from 1; correct it");
  }

  /** The body as a record. */
  public <T> T body(Class<T> type) {
    if (body.length() > MOST_BODY) {
      throw new ApiError(
          413,
          "too_large",
          "reading the request: its body is larger than " + MOST_BODY + " bytes; send less");
    }
    try {
      return Json.parse(body.isBlank() ? "{}" : body, type);
    } catch (Json.MalformedJson e) {
      throw new ApiError(
          400,
          "malformed",
          "reading the request: the body is no "
              + type.getSimpleName()
              + ": "
              + e.getMessage()
              + "; see docs/openapi.json");
    }
  }

  public Optional<String> bearer() {
    var value = headers.getOrDefault("authorization", "");
    return value.regionMatches(true, 0, "Bearer ", 0, 7)
        ? Optional.of(value.substring(7).strip())
        : Optional.empty();
  }

  public Optional<String> text(String parameter) {
    return Optional.ofNullable(query.get(parameter)).filter(s -> !s.isEmpty());
  }

  /** {@code limit}, from 1 to {@value #MOST_LIMIT}. */
  public int limit(int usual) {
    return Math.clamp(number("limit").orElse((long) usual), 1, MOST_LIMIT);
  }

  public Optional<Long> number(String parameter) {
    try {
      return text(parameter).map(Long::valueOf);
    } catch (NumberFormatException e) {
      throw new ApiError(
          400, "malformed", "reading the query: " + parameter + " is no whole number; correct it");
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, String> strings(Map<String, Object> event, String name) {
    return event.get(name) instanceof Map<?, ?> map ? (Map<String, String>) map : Map.of();
  }

  private static Map<String, String> lowerCase(Map<String, String> headers) {
    var out = new java.util.TreeMap<String, String>();
    headers.forEach((k, v) -> out.put(k.toLowerCase(Locale.ROOT), v));
    return out;
  }
}
