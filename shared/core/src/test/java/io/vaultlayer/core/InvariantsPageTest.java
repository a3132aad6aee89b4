package io.vaultlayer.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Holds docs/invariants.md to what is there. */
class InvariantsPageTest {
  private static final Path ROOT = Path.of(System.getProperty("vaultlayer.root"));
  private static final Set<String> NOT_OURS = Set.of(".git", ".vl", "target", "node_modules");

  private static Set<String> found(String pattern) throws IOException {
    return Pattern.compile(pattern, Pattern.MULTILINE)
        .matcher(Files.readString(ROOT.resolve("docs/invariants.md")))
        .results()
        .map(r -> r.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyInvariantStandsOnThePage() throws IOException {
    assertThat(found("^\\| (INV-[0-9]+) \\|"))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.rangeClosed(1, 13).mapToObj(i -> "INV-" + i).toList());
  }

  @Test
  void everyTestThatThePageNamesExists() throws IOException {
    var tests = new TreeSet<String>();
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
            if (name.endsWith("Test.java")) {
              tests.add(name.replace(".java", ""));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    assertThat(tests).containsAll(found("`([A-Z][A-Za-z0-9]*Test)`"));
  }
}
