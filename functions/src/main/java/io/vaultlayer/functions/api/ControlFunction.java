package io.vaultlayer.functions.api;

import io.micronaut.context.ApplicationContext;
import io.micronaut.function.aws.MicronautRequestHandler;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Routes;
import io.vaultlayer.functions.state.Control;
import java.util.Map;

/** The Lambda entry of {@link ControlHandler}. */
public final class ControlFunction
    extends MicronautRequestHandler<Map<String, Object>, Map<String, Object>> {
  private final Routes routes;

  /** On Lambda: stands on AWS. */
  public ControlFunction() {
    routes = routes(getApplicationContext().getBean(Platform.class));
  }

  /** On the embedded plane: stands on the shared context and the given platform. */
  public ControlFunction(ApplicationContext context, Platform platform) {
    super(context);
    routes = routes(platform);
  }

  private static Routes routes(Platform platform) {
    var control = Control.on(platform);
    return new Routes(new ControlHandler(platform, control).routes(), control.log());
  }

  @Override
  public Map<String, Object> execute(Map<String, Object> event) {
    return routes.handle(event);
  }
}
