package io.vaultlayer.functions.reaper;

import io.micronaut.context.ApplicationContext;
import io.micronaut.function.aws.MicronautRequestHandler;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import java.util.Map;

/** The Lambda entry of {@link ReaperHandler}. */
public final class ReaperFunction
    extends MicronautRequestHandler<Map<String, Object>, Map<String, Object>> {
  private final ReaperHandler handler;

  /** On Lambda: stands on AWS. */
  public ReaperFunction() {
    var platform = getApplicationContext().getBean(Platform.class);
    handler = new ReaperHandler(platform, Control.on(platform));
  }

  /** On the embedded plane: stands on the shared context and the given platform. */
  public ReaperFunction(ApplicationContext context, Platform platform) {
    super(context);
    handler = new ReaperHandler(platform, Control.on(platform));
  }

  @Override
  public Map<String, Object> execute(Map<String, Object> event) {
    return handler.handle(event);
  }
}
