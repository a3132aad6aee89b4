package io.vaultlayer.cli.insert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.cli.insert.Plan.Edit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnifiedDiffTest {
  @TempDir Path directory;

  private static Edit edit(int at, String text) {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    return new Edit(at, Base64.getEncoder().encodeToString(bytes));
  }

  private static List<String> diff(String source, Edit... edits) {
    return UnifiedDiff.of(
        source.getBytes(StandardCharsets.UTF_8), List.of(edits), "a", "b", StandardCharsets.UTF_8);
  }

  @Test
  void aLineThatIsInsertedAndOneThatIsContinued() {
    assertThat(diff("1\n2\n3\n4\n5\n", edit(4, "new\n"), edit(5, "[x]")))
        .containsExactly(
            "--- a", "+++ b", "@@ -1,5 +1,6 @@", " 1", " 2", "-3", "+new", "+3[x]", " 4", " 5");
  }

  @Test
  void farChangesAreInHunksOfTheirOwnAndAMissingEndIsSaid() {
    var source = "0\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9";
    assertThat(diff(source, edit(0, "n\r\n"), edit(28, "\r\nend")))
        .containsExactly(
            "--- a",
            "+++ b",
            "@@ -1,3 +1,4 @@",
            "+n",
            " 0",
            " 1",
            " 2",
            "@@ -7,4 +8,5 @@",
            " 6",
            " 7",
            " 8",
            "-9",
            "\\ No newline at end of file",
            "+9",
            "+end",
            "\\ No newline at end of file");
  }

  /** The other end of the promise: what is shown is what {@code patch} would do. */
  @Test
  void patchMakesTheSameOfItForRandomInsertions() throws Exception {
    assumeTrue(
        new ProcessBuilder("sh", "-c", "command -v patch").start().waitFor() == 0,
        "patch is not installed");
    var chance = new Random(7);
    for (int round = 0; round < 25; round++) {
      var lines = new StringBuilder();
      int count = chance.nextInt(30);
      for (int i = 0; i < count; i++) {
        lines.append("line ").append(chance.nextInt(4)).append('\n');
      }
      var source = lines + (chance.nextBoolean() && count > 0 ? "last" : "");
      var edits = new ArrayList<Edit>();
      for (int i = 0, at = 0; i < chance.nextInt(4) && at < source.length(); i++) {
        at += chance.nextInt(source.length() - at);
        at = source.lastIndexOf('\n', at) + 1 + (chance.nextBoolean() ? 0 : 3);
        if (at <= source.length()) {
          edits.add(edit(at, chance.nextBoolean() ? "whole\n" : "part"));
        }
      }
      check(source, edits);
    }
  }

  private void check(String source, List<Edit> edits) throws IOException, InterruptedException {
    var plan = new Plan(Plan.Verdict.INSERT, "", edits, null, null, "", "utf-8");
    var file = Files.writeString(directory.resolve("a"), source);
    var shown = diff(source, edits.toArray(Edit[]::new));
    if (shown.size() == 2) {
      return; // nothing was inserted
    }
    Files.writeString(directory.resolve("d"), String.join("\n", shown) + "\n");
    var patch =
        new ProcessBuilder("patch", "--quiet", "--no-backup-if-mismatch", "--fuzz=0", "a", "d")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(patch.getInputStream().readAllBytes()))
        .as(String.join("\n", shown))
        .isEmpty();
    assertThat(patch.waitFor()).isZero();
    assertThat(Files.readString(file))
        .isEqualTo(
            new String(
                plan.apply(source.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8));
  }
}
