package io.vaultlayer.cli.workdir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IgnoreRulesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*.log          | a/b/x.log   | true",
        "*.log          | x.log.txt   | false",
        "/x             | a/x         | false",
        "/x             | x           | true",
        "a/x            | b/a/x       | false",
        "**/x           | a/b/x       | true",
        "a/**           | a/b/c       | true",
        "a/**/z         | a/z         | true",
        "a/**/z         | a/b/c/z     | true",
        "data-?.bin     | data-1.bin  | true",
        "data-[0-3].bin | data-2.bin  | true",
        "data-[!0-3].bin| data-2.bin  | false",
        "*              | anything    | true",
        "a*/z           | ab/c/z      | false",
        "\\#x           | #x          | true",
        "\\!x           | !x          | true",
        "#x             | #x          | false",
        "x[             | x[          | false"
      })
  void aPatternMeansWhatItMeansToGit(String pattern, String path, boolean ignored)
      throws IOException {
    Files.writeString(directory.resolve(".vlignore"), pattern + "\n");
    assertThat(IgnoreRules.of(directory).ignores(path, false)).isEqualTo(ignored);
  }

  @Test
  void theLastMatchingLineDecidesAndASlashMeansDirectories() throws IOException {
    Files.writeString(directory.resolve(".vlignore"), "*.bin\n!keep.bin\nbuild/\n");
    var rules = IgnoreRules.of(directory);
    assertThat(rules.ignores("a/x.bin", false)).isTrue();
    assertThat(rules.ignores("a/keep.bin", false)).isFalse();
    assertThat(rules.ignores("build", true)).isTrue();
    assertThat(rules.ignores("build", false)).isFalse();
  }

  @Test
  void whatNobodyWantsToSendStaysUnlessAskedFor() throws IOException {
    assertThat(IgnoreRules.of(directory).ignores("a/__pycache__", true)).isTrue();
    Files.writeString(directory.resolve(".vlignore"), "!.venv\n");
    var rules = IgnoreRules.of(directory);
    assertThat(rules.ignores(".venv", true)).isFalse();
    assertThat(rules.ignores(".git", true)).isTrue();
  }

  @Test
  void gitsOwnFileCountsOnlyWithoutOurs() throws IOException {
    Files.writeString(directory.resolve(".gitignore"), "a\n");
    assertThat(IgnoreRules.of(directory).ignores("a", false)).isTrue();
    Files.writeString(directory.resolve(".vlignore"), "b\n");
    assertThat(IgnoreRules.of(directory).ignores("a", false)).isFalse();
  }

  /** Trees and rules made at random must be seen as git sees them. */
  @Test
  void agreesWithGitOnRandomRules() throws IOException, InterruptedException {
    assumeTrue(succeeds("git", "--version"), "git is not here");
    for (int seed = 0; seed < 12; seed++) {
      var random = new Random(seed);
      var root = Files.createDirectory(directory.resolve("r" + seed));
      assertThat(succeeds("git", "init", "-q", root.toString())).isTrue();
      var names = List.of("a", "b", "c.txt", "d.log", "e f", "[x]");
      for (int i = 0; i < 40; i++) {
        var path = root;
        for (int depth = random.nextInt(4); depth > 0; depth--) {
          path = path.resolve("d" + random.nextInt(3));
        }
        Files.createDirectories(path);
        Files.writeString(path.resolve(names.get(random.nextInt(names.size()))), "");
      }
      write(root, random);
      write(Files.createDirectories(root.resolve("d1")), random);
      var ours =
          new WorkdirScan(root, Set.of())
              .files().stream()
                  .filter(file -> !file.isDirectory())
                  .map(WorkdirFile::name)
                  .collect(Collectors.toCollection(TreeSet::new));
      assertThat(ours).as("seed " + seed).isEqualTo(listedByGit(root));
    }
  }

  private static void write(Path directory, Random random) throws IOException {
    var pieces =
        List.of(
            "a",
            "*.log",
            "/b",
            "d0/",
            "!a",
            "d1/*",
            "**/c.txt",
            "d2/**",
            "!d2/a",
            "?",
            "e\\ f",
            "[a-c]",
            "!*.txt",
            "/d1/d2",
            "d0/**/a",
            "\\[x\\]",
            "b   ",
            "# no",
            "");
    var lines = new StringBuilder();
    for (int i = random.nextInt(6); i >= 0; i--) {
      lines.append(pieces.get(random.nextInt(pieces.size()))).append('\n');
    }
    Files.writeString(directory.resolve(".gitignore"), lines.toString());
  }

  private static Set<String> listedByGit(Path root) throws IOException, InterruptedException {
    var git =
        new ProcessBuilder(
                "git",
                "-C",
                root.toString(),
                "ls-files",
                "-zco",
                "--exclude-per-directory=.gitignore")
            .start();
    var text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(git.waitFor()).isZero();
    return text.isEmpty() ? Set.of() : new TreeSet<>(List.of(text.split("\0")));
  }

  private static boolean succeeds(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
