package io.vaultlayer.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.testkit.python.FrameworkPython;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the Python unit tests as part of the one test command, so that the helper module, the
 * examples and the shell parts cannot be forgotten. Every Python test counts as a test of its own.
 */
class PythonSuitesTest {

  private static final List<String> DIRECTORIES =
      List.of("agent/src/test/python", "cli/src/test/python", "examples/tests", "tests");

  /** Here are rows that need PyTorch: they get the Python that has it, where there is one. */
  private static final List<String> WITH_TORCH = List.of("agent/src/test/python", "examples/tests");

  /** The slowest directory takes about a minute; a hanging one must not hang the build. */
  private static final long LIMIT_SECONDS = 600;

  /** Each is one process most of the time, and two is what every machine has. */
  private static final int AT_ONCE = 2;

  @TempDir Path scratch;

  @TestFactory
  Stream<DynamicContainer> everyPythonTestPasses() {
    assumeTrue(onPath("python3"), "python3 is not on the PATH");
    Path root = Path.of(System.getProperty("vaultlayer.root"));
    try (var pool = Executors.newFixedThreadPool(AT_ONCE)) {
      var runs = new LinkedHashMap<String, Future<List<DynamicTest>>>();
      DIRECTORIES.stream()
          .filter(directory -> Files.isDirectory(root.resolve(directory)))
          .forEach(directory -> runs.put(directory, pool.submit(() -> tests(root, directory))));
      return runs.entrySet().stream()
          .map(each -> DynamicContainer.dynamicContainer(each.getKey(), ended(each.getValue())))
          .toList()
          .stream();
    }
  }

  private static List<DynamicTest> ended(Future<List<DynamicTest>> run) {
    try {
      return run.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFailingPythonTestFailsHereAndASkippedOneIsSkipped() throws IOException {
    assumeTrue(onPath("python3"), "python3 is not on the PATH");
    Files.createDirectory(scratch.resolve("planted"));
    Files.writeString(
        scratch.resolve("planted/test_planted.py"),
        """
        import unittest
        class Planted(unittest.TestCase):
            def test_a(self): pass
            def test_b(self): self.assertEqual(1, 2)
            @unittest.skip("why not")
            def test_c(self): pass
            def test_d(self):
                with self.subTest("inner"): raise ValueError("deep")
        """);
    List<String> seen =
        run(scratch, "planted").stream()
            .map(outcome -> outcome.status() + " " + outcome.id().replaceAll(" .*", ""))
            .toList();
    assertThat(seen)
        .containsExactly(
            "passed test_planted.Planted.test_a",
            "failed test_planted.Planted.test_b",
            "skipped test_planted.Planted.test_c",
            "failed test_planted.Planted.test_d");
  }

  /** What one Python test came to: passed, failed or skipped, with traceback or reason. */
  private record Outcome(String status, String id, String detail) {

    static Outcome parse(String line) {
      String[] parts = line.split("\t", 4);
      return new Outcome(parts[1], parts[2], parts[3].replace("\\n", "\n"));
    }

    DynamicTest replay() {
      return DynamicTest.dynamicTest(
          id,
          () -> {
            switch (status) {
              case "passed" -> {}
              case "skipped" -> abort(detail);
              default -> fail(detail);
            }
          });
    }
  }

  private List<DynamicTest> tests(Path root, String directory) {
    try {
      return run(root, directory).stream().map(Outcome::replay).toList();
    } catch (IOException | AssertionError broken) {
      return List.of(DynamicTest.dynamicTest(directory, () -> fail(broken)));
    }
  }

  private List<Outcome> run(Path root, String directory) throws IOException {
    Path runner = scratch.resolve("run-" + directory.replace('/', '-') + ".py");
    try (InputStream source = PythonSuitesTest.class.getResourceAsStream("/run_suite.py")) {
      Files.write(runner, source.readAllBytes());
    }
    Path output = scratch.resolve(directory.replace('/', '-') + ".txt");
    Process python =
        new ProcessBuilder(interpreter(directory), "-B", runner.toString(), directory)
            .directory(root.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = false;
    try {
      ended = python.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      python.descendants().forEach(ProcessHandle::destroyForcibly);
      python.destroyForcibly();
    }
    String said = Files.readString(output);
    assertThat(ended)
        .as("%s ended within %s s; it said: %s", directory, LIMIT_SECONDS, said)
        .isTrue();
    List<Outcome> outcomes =
        said.lines().filter(line -> line.startsWith("vl-test\t")).map(Outcome::parse).toList();
    assertThat(outcomes).as("tests in %s; it said: %s", directory, said).isNotEmpty();
    assertThat(python.exitValue() == 0)
        .as("%s says by its exit code what it says by its lines: %s", directory, said)
        .isEqualTo(outcomes.stream().noneMatch(outcome -> outcome.status().equals("failed")));
    return outcomes;
  }

  private static String interpreter(String directory) {
    return WITH_TORCH.contains(directory)
        ? FrameworkPython.withTorch().orElse("python3")
        : "python3";
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
