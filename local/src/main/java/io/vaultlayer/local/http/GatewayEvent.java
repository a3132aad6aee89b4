package io.vaultlayer.local.http;

import com.sun.net.httpserver.HttpExchange;
import io.vaultlayer.local.template.LocalNames;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** A request as API Gateway's HTTP APIs describe it to a function, payload format 2.0. */
final class GatewayEvent {
  private static final DateTimeFormatter CLF =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT).withZone(ZoneOffset.UTC);

  private GatewayEvent() {}

  static Map<String, Object> of(
      HttpExchange exchange, Routes.Match match, byte[] body, Instant now) {
    var uri = exchange.getRequestURI();
    var event = new LinkedHashMap<String, Object>();
    var routeKey = match.route().method() + " " + match.route().path();
    event.put("version", "2.0");
    event.put("routeKey", routeKey);
    event.put("rawPath", uri.getRawPath());
    event.put("rawQueryString", uri.getRawQuery() == null ? "" : uri.getRawQuery());
    var headers = headers(exchange);
    event.put("headers", headers);
    var query = query(uri.getRawQuery());
    if (!query.isEmpty()) {
      event.put("queryStringParameters", query);
    }
    if (!match.variables().isEmpty()) {
      event.put("pathParameters", new LinkedHashMap<String, Object>(match.variables()));
    }
    event.put("requestContext", context(exchange, match, routeKey, now, headers));
    if (body.length > 0) {
      var text = text(body);
      event.put("body", text == null ? Base64.getEncoder().encodeToString(body) : text);
      event.put("isBase64Encoded", text == null);
    } else {
      event.put("isBase64Encoded", false);
    }
    return event;
  }

  private static Map<String, Object> context(
      HttpExchange exchange,
      Routes.Match match,
      String routeKey,
      Instant now,
      Map<String, Object> headers) {
    var http = new LinkedHashMap<String, Object>();
    http.put("method", exchange.getRequestMethod());
    http.put("path", exchange.getRequestURI().getRawPath());
    http.put("protocol", exchange.getProtocol());
    http.put("sourceIp", exchange.getRemoteAddress().getAddress().getHostAddress());
    http.put("userAgent", headers.getOrDefault("user-agent", ""));
    var context = new LinkedHashMap<String, Object>();
    context.put("accountId", LocalNames.ACCOUNT);
    context.put("apiId", "local");
    context.put("domainName", headers.getOrDefault("host", "127.0.0.1"));
    context.put("http", http);
    context.put("requestId", UUID.randomUUID().toString());
    context.put("routeKey", routeKey);
    context.put("stage", "$default");
    context.put("time", CLF.format(now));
    context.put("timeEpoch", now.toEpochMilli());
    if (match.route().signed()) {
      var iam = new LinkedHashMap<String, Object>();
      iam.put("accountId", LocalNames.ACCOUNT);
      iam.put("userId", "local");
      context.put("authorizer", new LinkedHashMap<String, Object>(Map.of("iam", iam)));
    }
    return context;
  }

  private static Map<String, Object> headers(HttpExchange exchange) {
    var headers = new LinkedHashMap<String, Object>();
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join(",", values)));
    return headers;
  }

  /**
   * @throws IllegalArgumentException when the query is not percent-encoded
   */
  private static Map<String, Object> query(String raw) {
    var query = new LinkedHashMap<String, Object>();
    if (raw == null || raw.isEmpty()) {
      return query;
    }
    for (var pair : raw.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      var name =
          URLDecoder.decode(equals < 0 ? pair : pair.substring(0, equals), StandardCharsets.UTF_8);
      var value =
          equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
      query.merge(name, value, (a, b) -> a + "," + b);
    }
    return query;
  }

  /** The body as text; null when it is none. */
  private static String text(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
