package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The matrix is made in several goes, and its page shows what its record holds. */
class MatrixRecordTest {
  private static final MatrixRow FIRST = MatrixRow.all().getFirst();
  private static final MatrixRow LAST = MatrixRow.all().getLast();
  private static final Map<String, String> VERSIONS = Map.of("torch", "2.13.0");

  @TempDir Path directory;

  private static MatrixResult result(MatrixRow row, long resumedFrom) {
    return new MatrixResult(
        row.toString(), 21L, resumedFrom, true, 3.5, 40.25, null, "2026-11-21", "0a1b2c3d");
  }

  private MatrixRecord anew(MatrixRecord record) {
    record.store(directory.resolve("matrix.json"));
    var read = MatrixRecord.load(directory.resolve("matrix.json"));
    read.runWith(VERSIONS);
    return read;
  }

  @Test
  void aRunAddsItsRowsToThoseOfTheRunsBeforeIt() {
    var record = MatrixRecord.load(directory.resolve("none.json"));
    record.runWith(VERSIONS);
    record.add(result(FIRST, 10));
    record.without(LAST, "no time left in the last run", false);
    record = anew(record);
    record.add(result(LAST, 20));
    record.without(FIRST, "no time left in the last run", false);
    assertThat(anew(record).results)
        .isEqualTo(Map.of(FIRST.toString(), result(FIRST, 10), LAST.toString(), result(LAST, 20)));
    assertThat(anew(record).without).isEmpty();
  }

  @Test
  void aRowThatFailedLosesWhatItCameToBefore() {
    var record = MatrixRecord.load(directory.resolve("none.json"));
    record.runWith(VERSIONS);
    record.add(result(FIRST, 10));
    record.without(FIRST, "FAILED on 2026-11-21: did not resume", true);
    var read = anew(record);
    assertThat(read.results).isEmpty();
    assertThat(MatrixPage.of(read))
        .contains("- " + FIRST + ": FAILED on 2026-11-21: did not resume")
        .contains("- " + LAST + ": not run")
        .contains("0 rows executed, " + MatrixRow.all().size() + " not.");
  }

  @Test
  void rowsOfOtherVersionsAreNotMixed() {
    var record = MatrixRecord.load(directory.resolve("none.json"));
    record.runWith(VERSIONS);
    record.add(result(FIRST, 10));
    record.runWith(Map.of("torch", "2.14.0"));
    assertThat(record.results).isEmpty();
  }

  @Test
  void thePageInDocsShowsTheRecordBesideIt() throws Exception {
    assertThat(MatrixPage.of(MatrixRecord.load(MatrixRecord.RECORD)))
        .isEqualTo(Files.readString(MatrixPage.PAGE));
  }

  @Test
  void everyRunOfTheTestsMeetsEachFrameworkEachFaultAndTwoRanks() {
    var usual = MatrixRow.usual();
    assertThat(usual.stream().map(MatrixRow::script))
        .containsExactlyInAnyOrder(
            Stream.of(MatrixScript.values())
                .filter(s -> s != MatrixScript.HF_TRAINER && s != MatrixScript.TORCH_SAVE)
                .toArray(MatrixScript[]::new));
    assertThat(usual.stream().map(MatrixRow::fault)).contains(MatrixRow.Fault.values());
    assertThat(usual.stream().map(MatrixRow::start)).contains(MatrixRow.Start.TORCHRUN);
    assertThat(MatrixRow.all()).containsAll(usual);
  }
}
