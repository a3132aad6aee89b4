package io.vaultlayer.tests;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What the rows of the matrix have come to, in docs/matrix.json: so that they can be run in several
 * goes, on several days. Each row keeps its day and the sources of the agent that it ran. All rows
 * are of one set of versions of the frameworks: a run with others begins a new record.
 */
final class MatrixRecord {
  static final Path RECORD = Home.CHECKOUT.resolve("docs/matrix.json");

  /** Written by the agent's test of older layouts, which runs in the same build. */
  static final Path LAYOUTS = Home.CHECKOUT.resolve("agent/target/older-layouts.json");

  private static final String SOURCES = "agent/src/main";
  private static final ObjectMapper JSON = new ObjectMapper();

  final Map<String, String> versions = new LinkedHashMap<>();
  final Map<String, MatrixResult> results = new LinkedHashMap<>();

  /** Rows that came to nothing, and why; by name. */
  final Map<String, String> without = new LinkedHashMap<>();

  final List<Layout> layouts = new ArrayList<>();

  /**
   * A fixture of an older layout.
   *
   * @param name what it is
   * @param framework as the agent names it
   * @param step as the agent names it; null where its names tell none
   * @param whole what the gate says of it as it is
   * @param spoilt what the gate says of it with something missing or cut
   */
  record Layout(String name, String framework, Long step, String whole, List<String> spoilt) {}

  /** What is on disk. */
  private record Stored(
      Map<String, String> versions,
      List<MatrixResult> results,
      Map<String, String> without,
      List<Layout> layouts) {}

  private MatrixRecord() {}

  static MatrixRecord load(Path file) {
    var record = new MatrixRecord();
    if (Files.exists(file)) {
      try {
        var stored = JSON.readValue(file.toFile(), Stored.class);
        record.versions.putAll(stored.versions());
        stored.results().forEach(each -> record.results.put(each.row(), each));
        record.without.putAll(stored.without());
        record.layouts.addAll(stored.layouts());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    return record;
  }

  /** Begins anew where the frameworks are others than the rows were run with. */
  void runWith(Map<String, String> present) {
    if (!versions.equals(present)) {
      versions.clear();
      versions.putAll(present);
      results.clear();
      without.clear();
    }
  }

  void add(MatrixResult result) {
    results.put(result.row(), result);
    without.remove(result.row());
  }

  /** What a row came to before does not count any more, except where it just was not its turn. */
  void without(MatrixRow row, String reason, boolean ran) {
    if (ran) {
      results.remove(row.toString());
    }
    if (!results.containsKey(row.toString())) {
      without.put(row.toString(), reason);
    }
  }

  /** Takes what this build's test of the older layouts has left, where it ran. */
  void takeLayouts(Path file) {
    if (Files.exists(file)) {
      try {
        layouts.clear();
        layouts.addAll(List.of(JSON.readValue(file.toFile(), Layout[].class)));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** One line for each row, so that a change of one is a change of one line. */
  void store(Path file) {
    var printer = new DefaultPrettyPrinter();
    printer.indentArraysWith(new DefaultIndenter("  ", "\n"));
    try {
      var rows =
          MatrixRow.all().stream()
              .map(row -> results.get(row.toString()))
              .filter(java.util.Objects::nonNull)
              .toList();
      Files.writeString(
          file,
          JSON.writer(printer)
                  .writeValueAsString(new Stored(versions, rows, without, List.copyOf(layouts)))
              + "\n");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Git's name of the agent's sources as they are: it is the same in every commit that has the same
   * sources, and {@code git rev-parse --short=8 HEAD:agent/src/main} prints it. A plus sign says
   * that something in them was not committed; without git it is unknown.
   */
  static String agentSources() {
    var tree = git("rev-parse", "--short=8", "HEAD:" + SOURCES);
    var changed = git("status", "--porcelain", "--", SOURCES);
    return tree.isEmpty() || changed.isEmpty()
        ? "unknown"
        : tree.get() + (changed.get().isEmpty() ? "" : "+");
  }

  private static Optional<String> git(String... arguments) {
    var command = new ArrayList<>(List.of("git", "-C", Home.CHECKOUT.toString()));
    command.addAll(List.of(arguments));
    try {
      var process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0
          ? Optional.of(text.strip())
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
