package io.vaultlayer.cli.insert;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What was answered for which script, so that nobody is asked twice about the same lines. Losing
 * the file costs a question.
 */
final class Answers {
  private static final int MOST = 500;

  private final Path file;

  Answers(Path home) {
    this.file = home.resolve("insertions.json");
  }

  /** True: insert; false: leave it; empty: not asked yet about these lines. */
  Optional<Boolean> about(Path script, Plan plan) {
    var answer = Optional.ofNullable(read().get(script.toString()));
    return answer
        .filter(a -> a.path("lines").asText().equals(plan.digest()))
        .map(a -> a.path("insert").asBoolean());
  }

  void remember(Path script, Plan plan, boolean insert) {
    Map<String, Object> all = new LinkedHashMap<>(read());
    all.remove(script.toString());
    all.put(script.toString(), Map.of("lines", plan.digest(), "insert", insert));
    var oldest = all.keySet().iterator();
    for (int more = all.size() - MOST; more > 0; more--) {
      oldest.next();
      oldest.remove();
    }
    try {
      Files.createDirectories(file.getParent());
      var next = Files.createTempFile(file.getParent(), ".insertions", ".tmp");
      Files.writeString(next, Json.render(all) + "\n");
      Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      // It is asked again next time.
    }
  }

  private Map<String, JsonNode> read() {
    var all = new LinkedHashMap<String, JsonNode>();
    try {
      Json.tree(Files.readString(file))
          .properties()
          .forEach(e -> all.put(e.getKey(), e.getValue()));
    } catch (IOException | Json.MalformedJson e) {
      // Nothing was answered yet, or nothing that can be read.
    }
    return all;
  }
}
