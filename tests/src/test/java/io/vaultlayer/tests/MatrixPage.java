package io.vaultlayer.tests;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * docs/matrix.md, made anew after each row. What a row came to is kept below target/, so that the
 * rows can be run in several goes, of one set of versions.
 */
final class MatrixPage {
  private static final Path PAGE = Home.CHECKOUT.resolve("docs/matrix.md");
  private static final Path KEPT = Home.CHECKOUT.resolve("tests/target/matrix.json");
  private static final String HEAD =
      """
      # The matrix of resumes

      Made by `./mvnw -pl tests -am verify -Dtest=MatrixTest -Dvaultlayer.matrix=full
      -Dsurefire.failIfNoSpecifiedTests=false`; do not edit. Each script is written from its framework's own documentation,
      with nothing of VaultLayer in it (`tests/src/test/frameworks`), and runs through the real plane and the real agent.
      The kills end the whole host at once and without a word, after at least one commit: between two saves; between the
      moment a save began and the moment it was whole; while its files are uploaded. The notice is one of 30 s. The first
      host's directories are lost; the second has others.

      *Equal*: the final weights are, bit for bit, those of the same script that nobody disturbed. *Seconds lost*: from the
      moment the resumed step was done to the kill, which is the work done again. *Back after*: from the kill or notice to
      the first moment of the resumed loop; most of it is the second start of Python and its frameworks.
      """;

  private static final String NOTES =
      """

      ## Notes

      - DeepSpeed cannot be installed where this is made: its rows use a stand-in with its signatures, file names and order
        of writing, `latest` before the last barrier included (`tests/src/test/frameworks/standin`).
      - At a notice, `Trainer`, Lightning and a `CheckpointManager` that is offered every step are asked for a last save where
        it fits. Flax, DCP, Accelerate and DeepSpeed loops hold their own counters, so no save can be asked of them: they lose
        what came after their last one.
      - A kill soon after a save may come before that save's commit; then the commit before it is resumed from.
      - Lightning: its checkpoints hold neither random states nor the place inside an epoch. Equal weights with dropout,
        shuffling and a save inside an epoch come from what the hook keeps beside them.
      - Accelerate: the loop has a seedable sampler and no dropout. With dropout it is only statistically equal, because
        opening the loader again inside an epoch draws a number that the uninterrupted run did not draw.
      - The `torch.save` loop overwrites one file that no framework tells of: it runs with `--checkpoint-dir runs`, and its
        file is committed after 5 s of silence. Its name tells no step, so the agent numbers its saves 1, 2, 3.
      - JAX programs of several processes are not covered.
      """;

  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, String> versions;
  private final Map<String, MatrixResult> results = new LinkedHashMap<>();
  private final Map<String, String> without = new LinkedHashMap<>();

  /** What is on disk. */
  private record Stored(Map<String, String> versions, List<MatrixResult> results) {}

  MatrixPage(Map<String, String> versions) {
    this.versions = versions;
    if (Files.exists(KEPT)) {
      try {
        var stored = json.readValue(KEPT.toFile(), Stored.class);
        if (stored.versions().equals(versions)) {
          stored.results().forEach(each -> results.put(each.row(), each));
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  synchronized boolean has(MatrixRow row) {
    return results.containsKey(row.toString());
  }

  synchronized void add(MatrixResult result) {
    results.put(result.row(), result);
    without.remove(result.row());
    write();
  }

  /** The row is not there, and why. */
  synchronized void without(MatrixRow row, String reason) {
    results.remove(row.toString());
    without.put(row.toString(), reason);
    write();
  }

  private void write() {
    try {
      Files.createDirectories(KEPT.getParent());
      json.writeValue(KEPT.toFile(), new Stored(versions, List.copyOf(results.values())));
      Files.writeString(PAGE, text());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String text() {
    var lines = new ArrayList<String>();
    lines.add(HEAD);
    lines.add(
        "%s UTC, %d cores (shared with other work). Versions: %s.\n"
            .formatted(
                LocalDate.now(ZoneOffset.UTC),
                Runtime.getRuntime().availableProcessors(),
                String.join(
                    ", ",
                    versions.entrySet().stream()
                        .map(each -> each.getKey() + " " + each.getValue())
                        .toList())));
    lines.add(
        "| script | start | fault | step at the kill | resumed from | equal | seconds lost | back after |");
    lines.add("|---|---|---|--:|--:|---|--:|--:|");
    var missing = new ArrayList<String>();
    for (var row : MatrixRow.all()) {
      var result = results.get(row.toString());
      if (result == null) {
        missing.add("- %s: %s".formatted(row, without.getOrDefault(row.toString(), "not run")));
        continue;
      }
      lines.add(
          "| %s | %s | %s | %s | %d | %s | %s | %s |"
              .formatted(
                  row.script().title,
                  row.start().title,
                  row.fault().title,
                  result.stepAtKill() == null ? "not told" : result.stepAtKill(),
                  result.resumedFrom(),
                  result.equal() ? "yes" : "no",
                  seconds(result.secondsLost()),
                  seconds(result.secondsToGoOn())));
    }
    lines.add("\n%d rows executed, %d not.".formatted(results.size(), missing.size()));
    if (!missing.isEmpty()) {
      lines.add("\n## Rows that are missing\n");
      lines.addAll(missing);
    }
    var notes = results.values().stream().filter(each -> each.note() != null).toList();
    if (!notes.isEmpty()) {
      lines.add("\n## What the agent decided at the notices\n");
      notes.forEach(each -> lines.add("- %s: %s".formatted(each.row(), each.note())));
    }
    lines.add(NOTES.stripTrailing());
    return String.join("\n", lines) + "\n";
  }

  private static String seconds(Double value) {
    return value == null ? "not told" : "%.1f".formatted(value);
  }
}
