package io.vaultlayer.bench.plane;

import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.agentapi.AgentHandler;
import io.vaultlayer.functions.agentapi.CommitHandler;
import io.vaultlayer.functions.api.ControlHandler;
import io.vaultlayer.functions.api.QueryHandler;
import io.vaultlayer.functions.api.SubmitHandler;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.wire.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** Every route of the API on one platform, and the events in which the gateway hands calls on. */
public final class Door {
  private final Routes routes;

  public Door(Platform platform, Control control) {
    var all = new HashMap<String, Function<HttpRequest, Routes.Answer>>();
    all.putAll(new SubmitHandler(platform, control).routes());
    all.putAll(new QueryHandler(platform, control).routes());
    all.putAll(new ControlHandler(platform, control).routes());
    all.putAll(new AgentHandler(platform, control).routes());
    all.putAll(new CommitHandler(platform, control).routes());
    routes = new Routes(all, control.log());
  }

  /** The gateway's answer: {@code statusCode}, {@code body} and the rest. */
  public Map<String, Object> handle(
      String route, Map<String, String> path, Map<String, String> headers, Object body) {
    return routes.handle(event(route, path, headers, body));
  }

  /**
   * @param body text as it is, anything else as JSON
   */
  public static Map<String, Object> event(
      String route, Map<String, String> path, Map<String, String> headers, Object body) {
    var event = new HashMap<String, Object>();
    event.put("routeKey", route);
    event.put("pathParameters", path);
    event.put("queryStringParameters", Map.of());
    event.put("headers", headers);
    event.put("body", body instanceof String text ? text : Json.render(body));
    return event;
  }
}
