package io.vaultlayer.tests;

import java.util.ArrayList;
import java.util.List;

/** docs/matrix.md: a {@link MatrixRecord} for people. */
final class MatrixPage {
  static final java.nio.file.Path PAGE = Home.CHECKOUT.resolve("docs/matrix.md");
  private static final String HEAD =
      """
      # The matrix of resumes

      Made by `./mvnw -pl tests -am verify -Dtest='MatrixTest,OlderLayoutsTest' -Dvaultlayer.matrix=full
      -Dsurefire.failIfNoSpecifiedTests=false`; do not edit. Each run adds its rows to those of `docs/matrix.json`, so the
      page can be made in several goes: `-Dvaultlayer.matrix.only='2 ranks, notice; python -m'` takes the rows whose name has
      all words of one of these, and without it only rows that are missing are run. *Run*: the day, and the sources of the
      agent that ran (`git rev-parse --short=8 HEAD:agent/src/main`; a plus sign: not all of them were committed; not noted:
      an earlier commit of the same day, before that was written down).

      Each script is written from its framework's own documentation,
      with nothing of VaultLayer in it (`tests/src/test/frameworks`), and runs through the real plane and the real agent.
      The kills end the whole host at once and without a word, after at least one commit: between two saves; between the
      moment a save began and the moment it was whole; while its files are uploaded. The notice is one of 30 s. The first
      host's directories are lost; the second has others.

      Every run of the tests makes some of these rows anew, and shows nothing of them here: each framework once, each fault,
      and two ranks. The `Trainer` is not among them, because a rehearsal in the same tests takes its machine away twice, and
      neither is the `torch.save` loop. They are:

      %s.

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
      - PyTorch 2.13 can hang at the end of a rank with gloo: the process group is destroyed by the thread that holds Python's
        lock, and waits for its own thread, which wants that lock to let a tensor go. Twice it did here, on a very busy
        machine, after the last step and its commit; the agent then ends the attempt at the limit for stalls, and the next one
        resumes from the last step and succeeds. The loop of `torch.distributed.checkpoint` has a barrier before its end since.
      - JAX programs of several processes are not covered.
      """;

  private static final String LAYOUTS =
      """

      ## Layouts of older versions

      Their fixtures are written by hand after the sources of those versions (`agent/src/test/python/older_layouts.py` names
      them), without the old packages. *Whole*: what the agent says of the fixture as it is; *spoilt*: of copies of it, each
      with one thing missing or cut.
      """;

  private MatrixPage() {}

  static String of(MatrixRecord record) {
    var lines = new ArrayList<String>();
    lines.add(HEAD.formatted(usual()));
    lines.add("Versions: %s. On two cores, shared with other work.\n".formatted(versions(record)));
    lines.add(
        "| script | start | fault | step at the kill | resumed from | equal | seconds lost | back after | run |");
    lines.add("|---|---|---|--:|--:|---|--:|--:|---|");
    var missing = new ArrayList<String>();
    for (var row : MatrixRow.all()) {
      var result = record.results.get(row.toString());
      if (result == null) {
        missing.add(
            "- %s: %s".formatted(row, record.without.getOrDefault(row.toString(), "not run")));
      } else {
        lines.add(line(row, result));
      }
    }
    lines.add("\n%d rows executed, %d not.".formatted(record.results.size(), missing.size()));
    if (!missing.isEmpty()) {
      lines.add("\n## Rows that are missing\n");
      lines.addAll(missing);
    }
    lines.addAll(notices(record));
    lines.addAll(layouts(record));
    lines.add(NOTES.stripTrailing());
    return String.join("\n", lines) + "\n";
  }

  private static String usual() {
    return String.join("; ", MatrixRow.usual().stream().map(MatrixRow::toString).toList());
  }

  private static String versions(MatrixRecord record) {
    return String.join(
        ", ",
        record.versions.entrySet().stream()
            .map(each -> each.getKey() + " " + each.getValue())
            .toList());
  }

  private static String line(MatrixRow row, MatrixResult result) {
    return "| %s | %s | %s | %s | %d | %s | %s | %s | %s %s |"
        .formatted(
            row.script().title,
            row.start().title,
            row.fault().title,
            result.stepAtKill() == null ? "not told" : result.stepAtKill(),
            result.resumedFrom(),
            result.equal() ? "yes" : "no",
            seconds(result.secondsLost()),
            seconds(result.secondsToGoOn()),
            result.date(),
            result.agent());
  }

  private static List<String> notices(MatrixRecord record) {
    var lines = new ArrayList<String>();
    for (var row : MatrixRow.all()) {
      var result = record.results.get(row.toString());
      if (result != null && result.note() != null) {
        lines.add("- %s: %s".formatted(row, result.note()));
      }
    }
    if (!lines.isEmpty()) {
      lines.addFirst("\n## What the agent decided at the notices\n");
    }
    return lines;
  }

  private static List<String> layouts(MatrixRecord record) {
    if (record.layouts.isEmpty()) {
      return List.of();
    }
    var lines = new ArrayList<String>();
    lines.add(LAYOUTS);
    lines.add("| layout | named | step | whole | spoilt |");
    lines.add("|---|---|--:|---|---|");
    for (var each : record.layouts) {
      lines.add(
          "| %s | %s | %s | %s | %s |"
              .formatted(
                  each.name(),
                  each.framework(),
                  each.step() == null ? "not told" : each.step(),
                  each.whole(),
                  String.join("<br>", each.spoilt())));
    }
    return lines;
  }

  private static String seconds(Double value) {
    return value == null ? "not told" : "%.1f".formatted(value);
  }
}
