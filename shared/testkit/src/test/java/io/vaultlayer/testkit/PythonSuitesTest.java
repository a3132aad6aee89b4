package io.vaultlayer.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the Python unit tests as part of the one test command, so that the helper module, the
 * examples and the shell parts cannot be forgotten. One test per directory; it prints how many ran.
 */
class PythonSuitesTest {

  private static final List<String> DIRECTORIES =
      List.of("agent/src/test/python", "examples/tests", "tests");

  /** The slowest directory takes well under a minute; a hanging one must not hang the build. */
  private static final long LIMIT_SECONDS = 600;

  private static final Pattern RAN = Pattern.compile("Ran (\\d+) tests? in");

  @TempDir Path scratch;

  @TestFactory
  Stream<DynamicTest> everyPythonTestPasses() {
    Path root = Path.of(System.getProperty("vaultlayer.root"));
    return DIRECTORIES.stream()
        .filter(directory -> Files.isDirectory(root.resolve(directory)))
        .map(directory -> DynamicTest.dynamicTest(directory, () -> run(root, directory)));
  }

  private void run(Path root, String directory) throws IOException, InterruptedException {
    assumeTrue(onPath("python3"), "python3 is not on the PATH");
    Path output = scratch.resolve(directory.replace('/', '-') + ".txt");
    ProcessBuilder python =
        new ProcessBuilder("python3", "-B", "-m", "unittest", "discover", "-s", directory)
            .directory(root.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    Process process = python.start();
    try {
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
          .as("%s ended within %s s", directory, LIMIT_SECONDS)
          .isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    String said = Files.readString(output);
    Matcher ran = RAN.matcher(said);
    assertThat(process.exitValue()).as(said).isZero();
    assertThat(ran.find()).as(said).isTrue();
    assertThat(Integer.parseInt(ran.group(1))).as("tests found in %s", directory).isPositive();
    String verdict = said.lines().reduce((first, last) -> last).orElse("");
    System.out.printf("%s: %s Python tests, %s%n", directory, ran.group(1), verdict);
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
