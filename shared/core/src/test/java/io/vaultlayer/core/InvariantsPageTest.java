package io.vaultlayer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.PlantedFaults;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds docs/invariants.md to what is there. */
class InvariantsPageTest {
  private static final Path ROOT = Path.of(System.getProperty("vaultlayer.root"));
  private static final Set<String> NOT_OURS = Set.of(".git", ".vl", "target", "node_modules");

  private static Stream<MatchResult> found(String pattern) throws IOException {
    return Pattern.compile(pattern, Pattern.MULTILINE)
        .matcher(Files.readString(ROOT.resolve("docs/invariants.md")))
        .results();
  }

  /** Our classes by their simple names, each with the files that define one of that name. */
  private static Map<String, List<Path>> classes() throws IOException {
    var classes = new HashMap<String, List<Path>>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path at, BasicFileAttributes attributes) {
            return NOT_OURS.contains(String.valueOf(at.getFileName()))
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path at, BasicFileAttributes attributes) {
            var name = at.getFileName().toString();
            if (name.endsWith(".java")) {
              classes.computeIfAbsent(name.replace(".java", ""), _ -> new ArrayList<>()).add(at);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return classes;
  }

  private static String text(List<Path> files) throws IOException {
    var text = new StringBuilder();
    for (var file : files) {
      text.append(Files.readString(file));
    }
    return text.toString();
  }

  @Test
  void everyInvariantHasAPlaceACheckerAndATest() throws IOException {
    var cell = "([^|\n]*)\\|";
    var rows = found("^\\| (INV-[0-9]+) \\|" + cell + cell + cell + cell + "$").toList();
    assertThat(rows.stream().map(r -> r.group(1)))
        .containsExactlyElementsOf(IntStream.rangeClosed(1, 13).mapToObj(i -> "INV-" + i).toList());
    for (var row : rows) {
      for (int at = 3; at <= 5; at++) {
        assertThat(row.group(at)).as(row.group()).contains("`");
      }
      assertThat(row.group(5)).as(row.group()).containsPattern("Test|Rules");
    }
  }

  @Test
  void everyClassAndMemberThatThePageNamesExists() throws IOException {
    var classes = classes();
    var named =
        found("`([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)(?:[.#]([a-z][A-Za-z0-9]*))?`").toList();
    assertThat(named).hasSizeGreaterThan(80);
    for (var name : named) {
      assertThat(classes).as(name.group()).containsKey(name.group(1));
      if (name.group(2) != null) {
        assertThat(text(classes.get(name.group(1))))
            .as(name.group())
            .containsPattern("\\b" + name.group(2) + "\\b");
      }
    }
  }

  @Test
  void everyPlantedFaultThatThePageNamesIsPlantedAndEachIsNamed() throws IOException {
    var planted = PlantedFaults.names();
    var table = found("^\\| ([^|`\n]+) \\|[^|`\n]*\\| (?:lease|instances|watchdog) \\| [0-9]");
    assertThat(table.map(r -> r.group(1))).containsExactlyInAnyOrderElementsOf(planted);
    var cited = found("(?<!\\*)\\*([a-z][^*|`\n]+)\\*(?!\\*)").map(r -> r.group(1)).toList();
    assertThat(cited).hasSizeGreaterThan(20).isSubsetOf(planted);
  }
}
