package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Makes every document that the contract names, in a real home, and holds docs/cli-json.md to their
 * shape. With {@code VAULTLAYER_WRITE_GOLDEN} set it writes that page anew; read it before you
 * accept it.
 */
@Execution(ExecutionMode.CONCURRENT)
class CliJsonTest {
  private static final Path PAGE = Home.CHECKOUT.resolve("docs/cli-json.md");
  private static final Path DIGITS = Home.CHECKOUT.resolve("examples/digits");
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String SAMPLE_HOME = "/home/ada/.vaultlayer";
  private static final String HIDDEN = "(hidden)";

  private final Map<String, JsonNode> documents = new LinkedHashMap<>();

  @Test
  void thePageShowsWhatTheCommandsPrint() throws IOException {
    try (var home = new Home()) {
      make(home);
      if (System.getenv("VAULTLAYER_WRITE_GOLDEN") != null) {
        Files.writeString(PAGE, page(home));
      }
    }
    var shown = read();
    assertThat(shown.keySet()).isEqualTo(documents.keySet());
    documents.forEach((title, document) ->
        assertThat(fits(shown.get(title), document))
            .as(title + " prints " + document + " but the page shows " + shown.get(title))
            .isTrue());
  }

  private void make(Home home) {
    take(home, "vl local up");
    var job =
        home.submit(
            DIGITS,
            "--name",
            "digits",
            "python3",
            "train.py",
            "--steps",
            "200",
            "--checkpoint-every",
            "20");
    home.await(
        job,
        Home.PATIENCE,
        "a checkpoint and work behind it",
        s -> s.path("step").asLong() > s.path("checkpoint").path("step").asLong(1 << 20));
    take(home, "vl kill-instance digits");
    var end = home.awaitEnd(job, Home.PATIENCE);
    assertThat(end.path("attempts").size()).as("attempts of " + end).isGreaterThan(1);
    var sleeper = home.submit(DIGITS, "--name", "sleeper", "sleep", "600");
    home.await(sleeper, Home.PATIENCE, "running", s -> s.path("state").asText().equals("running"));

    take(home, "vl status digits");
    take(home, "vl ps -a");
    take(home, "vl logs digits --attempt 2");
    take(home, "vl wait digits");
    take(home, "vl checkpoints digits");
    take(home, "vl checkpoints pull digits --to " + home.directory.resolve("restored"));
    take(home, "vl outputs pull digits --to " + home.directory.resolve("results"));
    take(home, "vl explain digits");
    take(home, "vl check");
    take(home, "vl providers");
    take(home, "vl gpus");
    take(home, "vl gpu-stats sleeper");
    take(home, "vl estimate python3 train.py");
    take(home, "vl local status");
    take(home, "vl local credentials sleeper");
    take(home, "vl cancel sleeper");
    take(home, "vl resume sleeper");
    take(home, "vl version");
    take(home, "vl status nothing-of-that-name");
    take(home, "vl rehearse python3 train.py --steps 400 --checkpoint-every 20");
    take(home, "vl init --embedded");
    take(home, "vl local down");
  }

  private void take(Home home, String line) {
    var words = (line.substring(3) + " --json");
    var arguments =
        line.contains("estimate")
            ? new String[] {"estimate", "--json", "python3", "train.py"}
            : words.replace(home.directory.toString(), "@").split(" ");
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = arguments[i].replace("@", home.directory.toString());
    }
    var ran =
        line.contains("rehearse")
            ? home.in(DIGITS, line.substring(3).replace("rehearse", "rehearse --json").split(" "))
            : home.vl(arguments);
    var title = line.replace(home.directory.toString() + "/", "") + " --json";
    documents.put(title, ran.json());
  }

  // ---- the page

  private String page(Home home) throws IOException {
    var text = new StringBuilder("# The JSON documents\n\n");
    text.append("One real example of each, made by `CliJsonTest` from a run of the digits example");
    text.append(" whose instance was killed\nonce; lists of rows are cut to three.");
    text.append(
        " Fields are only ever added. Every command has `--json`; what\nis not here prints");
    text.append(
        " the job's status document. A failure prints the document of `nothing-of-that-name`");
    text.append(" below.\n");
    for (var entry : documents.entrySet()) {
      var shown = MAPPER.readTree(MAPPER.writeValueAsString(cut(entry.getValue())));
      text.append("\n### `").append(entry.getKey()).append("`\n\n```json\n");
      text.append(
          MAPPER
              .writerWithDefaultPrettyPrinter()
              .writeValueAsString(shown)
              .replace(home.directory.toString(), SAMPLE_HOME)
              .replace(Home.CHECKOUT.toString(), "/home/ada/vaultlayer"));
      text.append("\n```\n");
    }
    return text.toString();
  }

  private static JsonNode cut(JsonNode node) {
    if (node.isArray() && node.size() > 0 && node.get(0).isObject()) {
      var out = MAPPER.createArrayNode();
      for (int i = 0; i < Math.min(3, node.size()); i++) {
        out.add(cut(node.get(i)));
      }
      return out;
    }
    if (node instanceof ObjectNode object) {
      var out = MAPPER.createObjectNode();
      object
          .properties()
          .forEach(field -> {
            boolean secret = field.getKey().matches("token|secretAccessKey|sessionToken");
            if (secret && field.getValue().isTextual()) {
              out.put(field.getKey(), HIDDEN);
            } else {
              out.set(field.getKey(), cut(field.getValue()));
            }
          });
      return out;
    }
    return node;
  }

  private static Map<String, JsonNode> read() throws IOException {
    var found = new LinkedHashMap<String, JsonNode>();
    for (var section : Files.readString(PAGE).split("\n### `")) {
      int from = section.indexOf("```json\n");
      if (from >= 0) {
        var json = section.substring(from + 8, section.indexOf("\n```", from));
        found.put(section.substring(0, section.indexOf('`')), MAPPER.readTree(json));
      }
    }
    return found;
  }

  // ---- shapes

  /** Same names and kinds everywhere; a null fits anything, an empty list any list. */
  private static boolean fits(JsonNode shown, JsonNode printed) {
    if (shown == null || shown.isNull() || printed.isNull()) {
      return shown != null;
    }
    if (shown.isObject() && printed.isObject()) {
      var names = new TreeMap<String, JsonNode>();
      printed.properties().forEach(f -> names.put(f.getKey(), f.getValue()));
      return shown.size() == names.size()
          && names.entrySet().stream().allMatch(f -> fits(shown.get(f.getKey()), f.getValue()));
    }
    if (shown.isArray() && printed.isArray()) {
      return shown.isEmpty() || printed.isEmpty() || fits(shown.get(0), printed.get(0));
    }
    return shown.getNodeType() == printed.getNodeType();
  }
}
