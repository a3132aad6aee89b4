package io.vaultlayer.local.plane;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.micronaut.context.ApplicationContext;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A function of a test's template: does what the request's path or the message's body says. */
public final class EchoFunction
    implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  private final Platform platform;

  public EchoFunction(ApplicationContext context, Platform platform) {
    if (context == null) {
      throw new IllegalArgumentException("there is one shared context");
    }
    this.platform = platform;
  }

  @Override
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    if (event.get("Records") instanceof List<?> records) {
      return batch(records);
    }
    return switch (String.valueOf(event.get("routeKey"))) {
      case "GET /fail" -> throw new IllegalStateException("as asked");
      case "GET /denied" -> {
        platform.store().get("Secrets", Key.of("a"));
        yield Map.of("statusCode", 200);
      }
      case "GET /missing" -> Map.of("body", platform.variable("NOT_GIVEN"));
      case "GET /slow" -> {
        platform.pause(Duration.ofSeconds(10));
        yield Map.of("statusCode", 200);
      }
      case "GET /remaining" -> answer(context.getRemainingTimeInMillis());
      case "POST /send" -> {
        platform.queue("WORK_URL").send(String.valueOf(event.get("body")), Duration.ZERO);
        yield answer("sent");
      }
      case "POST /publish" -> {
        platform.bus("BUS").publish("Something", String.valueOf(event.get("body")));
        yield answer("published");
      }
      case "GET /seen" -> answer(seen());
      case "PUT /rows/{id}" -> {
        var id = ((Map<?, ?>) event.get("pathParameters")).get("id").toString();
        platform
            .store()
            .write(
                List.of(
                    new Write.Put(
                        "Rows",
                        new Key("kept", id),
                        Expect.anything(),
                        Map.of("body", String.valueOf(event.get("body"))),
                        Optional.empty())));
        yield answer("written");
      }
      case "GET /rows/{id}" -> {
        var id = ((Map<?, ?>) event.get("pathParameters")).get("id").toString();
        yield answer(
            platform
                .store()
                .get("Rows", new Key("kept", id))
                .map(i -> i.attributes())
                .orElse(null));
      }
      default -> answer(event);
    };
  }

  private Map<String, Object> batch(List<?> records) {
    var failures = new ArrayList<Map<String, Object>>();
    for (var one : records) {
      var record = (Map<?, ?>) one;
      var body = String.valueOf(record.get("body"));
      note(String.valueOf(record.get("messageId")), body);
      if (body.contains("poison")) {
        failures.add(Map.of("itemIdentifier", record.get("messageId")));
      }
      if (body.contains("crash")) {
        throw new IllegalStateException("as asked");
      }
    }
    return Map.of("batchItemFailures", failures);
  }

  private void note(String id, String body) {
    platform
        .store()
        .write(
            List.of(
                new Write.Put(
                    "Rows",
                    new Key("seen", id + "-" + System.nanoTime()),
                    Expect.anything(),
                    Map.of("body", body),
                    Optional.empty())));
  }

  private List<Object> seen() {
    return platform
        .store()
        .query("Rows", "seen", "", false, 1000, Optional.empty())
        .items()
        .stream()
        .map(i -> i.attributes().get("body"))
        .toList();
  }

  private static Map<String, Object> answer(Object document) {
    var answer = new LinkedHashMap<String, Object>();
    answer.put("statusCode", 200);
    answer.put("headers", Map.of("X-Test", "yes"));
    answer.put("body", Json.render(document == null ? Map.of() : document));
    return answer;
  }
}
