package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every handler that the template names starts as Lambda starts it: by name, without arguments,
 * from the environment.
 */
class LambdaEntryTest {
  @TestFactory
  Stream<DynamicTest> everyHandlerOfTheTemplateStartsAndAnswers() throws IOException {
    var handlers =
        Pattern.compile("Handler: (\\S+)")
            .matcher(Files.readString(Path.of("..", "template.yaml")))
            .results()
            .map(r -> r.group(1))
            .toList();
    assertThat(handlers).hasSizeGreaterThan(5);
    return handlers.stream().map(name -> DynamicTest.dynamicTest(name, () -> answers(name)));
  }

  @SuppressWarnings("unchecked")
  private static void answers(String name) throws ReflectiveOperationException {
    var handler =
        (RequestHandler<Map<String, Object>, Map<String, Object>>)
            Class.forName(name).getConstructor().newInstance();
    var answer =
        handler.handleRequest(Map.of("routeKey", "GET /v1/nothing", "Records", List.of()), null);
    assertThat(answer)
        .containsAnyOf(Map.entry("statusCode", 404), Map.entry("batchItemFailures", List.of()));
  }
}
