package io.vaultlayer.functions.watchdog;

import io.micronaut.context.ApplicationContext;
import io.micronaut.function.aws.MicronautRequestHandler;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import java.util.Map;

/** The Lambda entry of {@link WatchdogHandler}. */
public final class WatchdogFunction
    extends MicronautRequestHandler<Map<String, Object>, Map<String, Object>> {
  private final WatchdogHandler handler;

  /** On Lambda: stands on AWS. */
  public WatchdogFunction() {
    var platform = getApplicationContext().getBean(Platform.class);
    handler = new WatchdogHandler(platform, Control.on(platform));
  }

  /** On the embedded plane: stands on the shared context and the given platform. */
  public WatchdogFunction(ApplicationContext context, Platform platform) {
    super(context);
    handler = new WatchdogHandler(platform, Control.on(platform));
  }

  @Override
  public Map<String, Object> execute(Map<String, Object> event) {
    return handler.handle(event);
  }
}
