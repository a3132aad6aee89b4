package io.vaultlayer.functions.http;

import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import java.util.Map;
import java.util.function.Function;

/** Finds the handler of a route and turns what it throws into the contract's errors. */
public final class Routes {
  private final Map<String, Function<HttpRequest, Answer>> handlers;
  private final DecisionLog log;

  public Routes(Map<String, Function<HttpRequest, Answer>> handlers, DecisionLog log) {
    this.handlers = Map.copyOf(handlers);
    this.log = log;
  }

  /** A status and a document. */
  public record Answer(int status, Object document) {
    public static Answer ok(Object document) {
      return new Answer(200, document);
    }
  }

  /** API Gateway's event in, its answer out; never throws. */
  public Map<String, Object> handle(Map<String, Object> event) {
    var route = String.valueOf(event.get("routeKey"));
    try {
      var handler = handlers.get(route);
      if (handler == null) {
        return render(
            404,
            ErrorDocument.of(
                "unknown_route", "finding " + route + ": no such route; see docs/openapi.json"));
      }
      var answer = handler.apply(HttpRequest.parse(event));
      return render(answer.status(), answer.document());
    } catch (ApiError e) {
      return render(e.status(), new ErrorDocument(e.code(), e.getMessage(), e.detail()));
    } catch (Leases.UnknownJob e) {
      return render(
          404,
          ErrorDocument.of(
              "no_such_job", "finding the job: " + e.getMessage() + "; `vl ps -a` lists them"));
    } catch (StoreUnavailable | TransportUnavailable e) {
      log.note("unavailable", route, String.valueOf(e.getMessage()));
      return render(
          503,
          ErrorDocument.of(
              "unavailable",
              "answering "
                  + route
                  + ": a part of the control plane gave no answer; the call may be repeated"));
    } catch (RuntimeException e) {
      log.note("broken", route, Crash.describe(e));
      return render(
          500,
          ErrorDocument.of(
              "internal",
              "answering "
                  + route
                  + ": the control plane failed; its log says why, and the call may be repeated"));
    }
  }

  private static Map<String, Object> render(int status, Object document) {
    return Map.of(
        "statusCode",
        status,
        "headers",
        Map.of("content-type", "application/json"),
        "body",
        Json.render(document),
        "isBase64Encoded",
        false);
  }
}
