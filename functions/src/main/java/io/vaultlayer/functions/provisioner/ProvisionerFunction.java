package io.vaultlayer.functions.provisioner;

import io.micronaut.context.ApplicationContext;
import io.micronaut.function.aws.MicronautRequestHandler;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import java.util.Map;

/** The Lambda entry of {@link ProvisionerHandler}. */
public final class ProvisionerFunction
    extends MicronautRequestHandler<Map<String, Object>, Map<String, Object>> {
  private final ProvisionerHandler handler;

  /** On Lambda: stands on AWS. */
  public ProvisionerFunction() {
    var platform = getApplicationContext().getBean(Platform.class);
    handler = new ProvisionerHandler(platform, Control.on(platform));
  }

  /** On the embedded plane: stands on the shared context and the given platform. */
  public ProvisionerFunction(ApplicationContext context, Platform platform) {
    super(context);
    handler = new ProvisionerHandler(platform, Control.on(platform));
  }

  @Override
  public Map<String, Object> execute(Map<String, Object> event) {
    return handler.handle(event);
  }
}
