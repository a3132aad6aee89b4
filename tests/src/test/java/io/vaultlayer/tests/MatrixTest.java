package io.vaultlayer.tests;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.vaultlayer.testkit.python.FrameworkPython;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Scripts of the real frameworks, unchanged, lose their host and go on. A few rows in every run.
 * With {@code -Dvaultlayer.matrix=full} all that docs/matrix.json does not hold yet, which adds
 * them to it and to the page docs/matrix.md. {@code -Dvaultlayer.matrix.only=WORDS[;WORDS]} takes
 * the rows whose name has all words of one of these, run before or not; {@code
 * -Dvaultlayer.matrix.minutes=N} (60) begins no row after that time.
 */
@Execution(ExecutionMode.CONCURRENT)
class MatrixTest {
  private static final boolean FULL = "full".equals(System.getProperty("vaultlayer.matrix"));
  private static final String ONLY = System.getProperty("vaultlayer.matrix.only", "");
  private static final Duration MOST =
      Duration.ofMinutes(Integer.getInteger("vaultlayer.matrix.minutes", 60));

  /** The same in each try: a failed row is asked for again by its place among them. */
  private static List<MatrixRow> rows;

  private static final int MOST_TRIES = 4;

  private static Home home;
  private static FrameworkPython python;
  private static MatrixRecord record;
  private static String agent;

  @BeforeAll
  static void aHome() {
    python = FrameworkPython.find().orElse(null);
    if (rows == null) {
      rows = python == null ? List.of() : wanted();
    }
    home = rows.isEmpty() ? null : new Home();
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
      abort(
          FrameworkPython.missing()
              + "; not checked is whether a script resumes without a change for "
              + String.join(", ", MatrixScript.names()));
    }
  }

  @TestFactory
  Stream<DynamicTest> unchangedScriptsLoseTheirHostAndGoOn() {
    var end = Instant.now().plus(MOST);
    return rows.stream().map(row -> DynamicTest.dynamicTest(row.toString(), () -> row(row, end)));
  }

  private static List<MatrixRow> wanted() {
    if (FULL) {
      agent = MatrixRecord.agentSources();
      record = MatrixRecord.load(MatrixRecord.RECORD);
      record.runWith(python.versions());
      record.takeLayouts(MatrixRecord.LAYOUTS);
      write();
    }
    return (FULL ? MatrixRow.all() : MatrixRow.usual())
        .stream().filter(row -> isWanted(row.toString())).toList();
  }

  private static boolean isWanted(String row) {
    return ONLY.isEmpty()
        ? record == null || !record.results.containsKey(row)
        : Stream.of(ONLY.split(";"))
            .anyMatch(words -> Stream.of(words.strip().split(" +")).allMatch(row::contains));
  }

  private static void row(MatrixRow row, Instant end) {
    var missing = row.script().needs.stream().filter(each -> !python.has(each)).toList();
    if (!missing.isEmpty()) {
      without(row, "not checked: " + missing + " is not in this Python", true);
      if (row.script().needs.contains("torch") && python.has("torch")) {
        fail("torch is there, so this row may not be skipped: " + missing + " is missing");
      }
      abort(row + " is not checked: " + missing + " is not in " + python.interpreter());
    }
    if (FULL && Instant.now().isAfter(end)) {
      without(row, "no time left in the last run", false);
      abort(row + " is not checked: the " + MOST.toMinutes() + " minutes are over");
    }
    try {
      var result = struck(row);
      System.out.println(result);
      change(each -> each.add(result));
    } catch (AssertionError | RuntimeException e) {
      var said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      without(row, "FAILED on " + LocalDate.now(ZoneOffset.UTC) + ": " + said, true);
      throw e;
    }
  }

  /** A save may be shorter than the time between two looks at it; another run has others. */
  private static MatrixResult struck(MatrixRow row) {
    for (int tries = 1; ; tries++) {
      try {
        return new MatrixRun(home, python, row, agent).run();
      } catch (MatrixRun.Missed e) {
        if (tries == MOST_TRIES) {
          throw e;
        }
      }
    }
  }

  private static void without(MatrixRow row, String reason, boolean ran) {
    change(each -> each.without(row, reason, ran));
  }

  private static synchronized void change(Consumer<MatrixRecord> change) {
    if (record != null) {
      change.accept(record);
      write();
    }
  }

  private static void write() {
    try {
      record.store(MatrixRecord.RECORD);
      Files.writeString(MatrixPage.PAGE, MatrixPage.of(record));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
