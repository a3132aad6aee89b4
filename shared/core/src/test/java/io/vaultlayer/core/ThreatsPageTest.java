package io.vaultlayer.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds docs/threats-and-faults.md to the tests that it names. */
class ThreatsPageTest {
  private static final Path ROOT = Path.of(System.getProperty("vaultlayer.root"));
  private static final Set<String> NOT_OURS = Set.of(".git", ".vl", "target", "node_modules");
  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w*Test)#(\\w+)`");

  private record Named(String test, String method) {}

  @Test
  void everyTestThatThePageNamesExists() throws IOException {
    var sources = sources();
    assertThat(named())
        .isNotEmpty()
        .allSatisfy(n ->
            assertThat(sources.getOrDefault(n.test(), ""))
                .as(n.test())
                .containsPattern("\\bvoid " + n.method() + "\\("));
  }

  @Test
  void everyRowNamesATest() throws IOException {
    var rows =
        Files.readAllLines(ROOT.resolve("docs/threats-and-faults.md")).stream()
            .filter(line -> line.startsWith("| "))
            .filter(line -> !line.startsWith("| fault |") && !line.startsWith("| threat |"))
            .toList();
    assertThat(rows).hasSizeGreaterThan(30).allMatch(row -> NAMED.matcher(row).find());
  }

  private static List<Named> named() throws IOException {
    return NAMED
        .matcher(Files.readString(ROOT.resolve("docs/threats-and-faults.md")))
        .results()
        .map(r -> new Named(r.group(1), r.group(2)))
        .toList();
  }

  /** The source of every test class, by its name. */
  private static Map<String, String> sources() throws IOException {
    var sources = new HashMap<String, String>();
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
          public FileVisitResult visitFile(Path at, BasicFileAttributes attributes)
              throws IOException {
            var name = at.getFileName().toString();
            if (name.endsWith("Test.java")) {
              sources.put(name.replace(".java", ""), Files.readString(at));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return sources;
  }
}
