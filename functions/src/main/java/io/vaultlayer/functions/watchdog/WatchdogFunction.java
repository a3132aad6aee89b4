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
    this(null, null);
  }

  /** On the embedded plane: stands on the shared context and the given platform. */
  public WatchdogFunction(ApplicationContext context, Platform given) {
    super(context);
    var platform = given == null ? getApplicationContext().getBean(Platform.class) : given;
    handler = new WatchdogHandler(platform, Control.on(platform));
  }

  @Override
  public Map<String, Object> execute(Map<String, Object> event) {
    return handler.handle(event);
  }
}
