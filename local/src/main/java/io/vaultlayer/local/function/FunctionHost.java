package io.vaultlayer.local.function;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import io.micronaut.context.ApplicationContext;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.Template;
import java.lang.reflect.InvocationTargetException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Holds one object of each function of the template and invokes it, within the time and the number
 * of invocations at a time that the template gives it.
 */
public final class FunctionHost {
  /** Most invocations of one function at a time where the template does not say. */
  private static final int MOST_AT_A_TIME = 32;

  private final Map<String, Hosted> functions = new HashMap<>();
  private final PlaneLog log;

  private record Hosted(
      Template.Function function,
      RequestHandler<Map<String, Object>, Map<String, Object>> handler,
      Semaphore free) {}

  /** The invocation gave no answer: exception, time over, or too many at a time. */
  public static final class Crashed extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean busy;

    Crashed(String message, boolean busy) {
      super(message);
      this.busy = busy;
    }

    /** True when it was not even started: come back later. */
    public boolean busy() {
      return busy;
    }
  }

  /**
   * Makes every function's object.
   *
   * @throws PlaneRefused naming the function whose handler cannot be made
   */
  public FunctionHost(ApplicationContext context, Parts parts, PlaneLog log) {
    this.log = log;
    for (var function : parts.template().functions()) {
      int most = function.concurrency() > 0 ? function.concurrency() : MOST_AT_A_TIME;
      functions.put(
          function.name(),
          new Hosted(
              function,
              make(function, context, new LocalPlatform(function, parts)),
              new Semaphore(most)));
    }
  }

  @SuppressWarnings("unchecked")
  private static RequestHandler<Map<String, Object>, Map<String, Object>> make(
      Template.Function function, ApplicationContext context, Platform platform) {
    try {
      var made =
          Class.forName(function.handler())
              .getConstructor(ApplicationContext.class, Platform.class)
              .newInstance(context, platform);
      if (made instanceof RequestHandler<?, ?> handler) {
        return (RequestHandler<Map<String, Object>, Map<String, Object>>) handler;
      }
      throw refused(function, "it is no RequestHandler", null);
    } catch (InvocationTargetException e) {
      throw refused(function, String.valueOf(e.getCause().getMessage()), e.getCause());
    } catch (ClassNotFoundException e) {
      throw refused(function, "there is no such class", e);
    } catch (ReflectiveOperationException e) {
      throw refused(function, "it lacks a public constructor (ApplicationContext, Platform)", e);
    }
  }

  private static PlaneRefused refused(Template.Function function, String why, Throwable cause) {
    return new PlaneRefused(
        "function_unusable",
        "starting the embedded plane: resource "
            + function.name()
            + ": its Handler "
            + function.handler()
            + " cannot be used: "
            + why,
        cause);
  }

  /**
   * Invokes a function with an event and waits for its answer.
   *
   * @throws Crashed when it gave none; the reason stands in the plane's log
   */
  public Map<String, Object> invoke(String name, Map<String, Object> event) throws Crashed {
    var hosted = functions.get(name);
    if (!hosted.free().tryAcquire()) {
      log.warn("throttled", Map.of("function", name));
      throw new Crashed("too many invocations of " + name + " at a time", true);
    }
    var invocation =
        new Invocation(
            name, UUID.randomUUID().toString(), System.nanoTime(), hosted.function().timeout());
    var answer = new CompletableFuture<Map<String, Object>>();
    var thread =
        Thread.ofVirtual()
            .name("fn-" + name)
            .start(() -> {
              try {
                answer.complete(hosted.handler().handleRequest(event, invocation));
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              } finally {
                hosted.free().release();
              }
            });
    try {
      return answer.get(hosted.function().timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      log.error(
          "function failed",
          Map.of("function", name, "request", invocation.requestId(), "missing", missing(e)),
          e.getCause());
      throw new Crashed(name + " failed; the plane's log says why", false);
    } catch (TimeoutException e) {
      thread.interrupt();
      log.warn(
          "function timed out",
          Map.of("function", name, "seconds", hosted.function().timeout().toSeconds()));
      throw new Crashed(name + " did not answer in its time", false);
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
      throw new Crashed(name + " was stopped with the plane", true);
    }
  }

  /** What the template withholds from the function, when that is the failure; else empty. */
  private static String missing(Throwable failure) {
    for (var cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof AccessDenied || cause instanceof Platform.MissingVariable) {
        return cause.getMessage();
      }
    }
    return "";
  }
}
