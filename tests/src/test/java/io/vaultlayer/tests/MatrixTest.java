package io.vaultlayer.tests;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Scripts of the real frameworks, unchanged, lose their host and go on. A few rows in every run;
 * all of them, and the page docs/matrix.md, with {@code -Dvaultlayer.matrix=full}. {@code
 * -Dvaultlayer.matrix.only=WORDS} takes the rows whose name has these words; {@code
 * -Dvaultlayer.matrix.minutes=N} (60) begins no row after that time; rows that are on the page's
 * record already are not run again unless named.
 */
@Execution(ExecutionMode.CONCURRENT)
class MatrixTest {
  private static final boolean FULL = "full".equals(System.getProperty("vaultlayer.matrix"));
  private static final String ONLY = System.getProperty("vaultlayer.matrix.only", "");
  private static final Duration MOST =
      Duration.ofMinutes(Integer.getInteger("vaultlayer.matrix.minutes", 60));

  private static Home home;
  private static FrameworkPython python;

  @BeforeAll
  static void aHome() {
    python = FrameworkPython.find().orElse(null);
    home = python == null ? null : new Home();
  }

  @AfterAll
  static void leave() {
    if (home != null) {
      home.close();
    }
  }

  @Test
  void theFrameworksAreThereOrWhatIsNotCheckedIsSaid() {
    if (python == null) {
      abort(FrameworkPython.missing());
    }
  }

  @TestFactory
  Stream<DynamicTest> unchangedScriptsLoseTheirHostAndGoOn() {
    if (python == null) {
      return Stream.empty(); // the test above says so
    }
    var rows = FULL ? MatrixRow.all() : MatrixRow.usual();
    var page = FULL ? new MatrixPage(python.versions()) : null;
    var end = Instant.now().plus(MOST);
    var tests = new ArrayList<DynamicTest>();
    for (var row : rows) {
      if (List.of(ONLY.split(" ")).stream().allMatch(row.toString()::contains)) {
        tests.add(DynamicTest.dynamicTest(row.toString(), () -> row(row, page, end)));
      }
    }
    return tests.stream();
  }

  private static void row(MatrixRow row, MatrixPage page, Instant end) {
    if (page != null && page.has(row) && ONLY.isEmpty()) {
      return;
    }
    var missing = row.script().needs.stream().filter(each -> !python.has(each)).toList();
    if (!missing.isEmpty()) {
      without(row, page, "not checked: " + missing + " is not in " + python.interpreter());
      if (row.script().needs.contains("torch") && python.has("torch")) {
        fail("torch is there, so this row may not be skipped: " + missing + " is missing");
      }
      abort(row + " is not checked: " + missing + " is not in " + python.interpreter());
    }
    if (FULL && Instant.now().isAfter(end)) {
      without(row, page, "no time left in this run");
      abort(row + " is not checked: the " + MOST.toMinutes() + " minutes are over");
    }
    try {
      var result = new MatrixRun(home, python, row).run();
      System.out.println(result);
      if (page != null) {
        page.add(result);
      }
    } catch (AssertionError | RuntimeException e) {
      without(
          row, page, "FAILED: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      throw e;
    }
  }

  private static void without(MatrixRow row, MatrixPage page, String reason) {
    if (page != null) {
      page.without(row, reason);
    }
  }
}
