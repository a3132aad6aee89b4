package io.vaultlayer.cli.submit;

import io.vaultlayer.cli.frame.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import picocli.CommandLine;

/**
 * The file {@code vl.yaml} of a work directory: the same as the options, as keys, and the command.
 * Each key is read as if its option had been written, so that both mean the same.
 */
final class VlYaml {
  static final String FILE = "vl.yaml";
  private static final int LARGEST_FILE = 1 << 20;

  /** What the file says. {@code command} is empty when it has none. */
  record Read(RunOptions options, List<String> command) {}

  private VlYaml() {}

  /**
   * @throws Failure 2 for what cannot be understood
   */
  static Read of(Path workdir) throws IOException {
    var file = workdir.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return new Read(new RunOptions(), List.of());
    }
    if (Files.size(file) > LARGEST_FILE) {
      throw bad(file, "it is larger than 1 MiB");
    }
    var arguments = new ArrayList<String>();
    var command = new ArrayList<String>();
    for (var entry : document(file).entrySet()) {
      var key = String.valueOf(entry.getKey());
      if (key.equals("command")) {
        command.addAll(words(file, entry.getValue()));
      } else {
        arguments.addAll(arguments(file, key, entry.getValue()));
      }
    }
    return new Read(parse(file, arguments), List.copyOf(command));
  }

  private static Map<?, ?> document(Path file) throws IOException {
    try {
      var settings = LoadSettings.builder().setLabel(FILE).setMaxAliasesForCollections(20).build();
      var tree = new Load(settings).loadFromString(Files.readString(file));
      if (tree == null) {
        return Map.of();
      }
      if (tree instanceof Map<?, ?> map) {
        return map;
      }
      throw bad(file, "it is no list of keys");
    } catch (YamlEngineException e) {
      throw bad(file, String.valueOf(e.getMessage()).lines().findFirst().orElse("no YAML"));
    }
  }

  private static List<String> words(Path file, Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(String::valueOf).toList();
    }
    if (value instanceof String text) {
      return List.of(text.strip().split("\\s+"));
    }
    throw bad(file, "command is a list of words");
  }

  private static List<String> arguments(Path file, String key, Object value) {
    var option = "--" + key;
    return switch (value) {
      case null -> List.of();
      case Boolean flag -> flag ? List.of(option) : off(file, key);
      case Map<?, ?> map when key.equals("env") ->
          map.entrySet().stream()
              .map(e -> "--env=" + e.getKey() + (e.getValue() == null ? "" : "=" + e.getValue()))
              .toList();
      case List<?> list when key.equals("gpu") ->
          List.of(option + "=" + String.join(",", list.stream().map(String::valueOf).toList()));
      case List<?> list -> list.stream().map(item -> option + "=" + item).toList();
      case Map<?, ?> map -> throw bad(file, key + " takes no keys of its own");
      default -> List.of(option + "=" + value);
    };
  }

  private static List<String> off(Path file, String key) {
    return switch (key) {
      case "failover" -> List.of("--no-failover");
      case "insert" -> List.of("--no-insert");
      case "no-failover", "spot", "on-demand", "no-insert" -> List.of();
      default -> throw bad(file, key + " cannot be false");
    };
  }

  private static RunOptions parse(Path file, List<String> arguments) {
    var options = new RunOptions();
    if (arguments.contains("--workdir") || arguments.stream().anyMatch(VlYaml::namesWorkdir)) {
      throw bad(file, "workdir is where the file is, so it cannot be set in it");
    }
    try {
      new CommandLine(options)
          .setExpandAtFiles(false)
          .setTrimQuotes(false)
          .setInterpolateVariables(false)
          .parseArgs(arguments.toArray(String[]::new));
      return options;
    } catch (CommandLine.ParameterException e) {
      throw bad(file, String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private static boolean namesWorkdir(String argument) {
    return argument.startsWith("--workdir=");
  }

  private static Failure bad(Path file, String what) {
    return Failure.usage(
        "bad_vl_yaml",
        "reading " + file + ": " + what + "; its keys are the options of vl run without dashes");
  }
}
