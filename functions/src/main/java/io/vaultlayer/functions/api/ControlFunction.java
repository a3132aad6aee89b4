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
    this(null, null);
  }

  /** On the embedded plane: stands on the shared context and the given platform. */
  public ControlFunction(ApplicationContext context, Platform given) {
    super(context);
    var platform = given == null ? getApplicationContext().getBean(Platform.class) : given;
    var control = Control.on(platform);
    routes = new Routes(new ControlHandler(platform, control).routes(), control.log());
  }

  @Override
  public Map<String, Object> execute(Map<String, Object> event) {
    return routes.handle(event);
  }
}
