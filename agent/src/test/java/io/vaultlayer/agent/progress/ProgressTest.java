package io.vaultlayer.agent.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {
  @TempDir Path directory;
  private final AtomicLong nanos = new AtomicLong();

  private Progress progress(long base) {
    return new Progress(base, nanos::get);
  }

  private static OptionalLong first(Progress progress, long... steps) {
    for (long step : steps) {
      progress.step(step);
    }
    return progress.firstStep();
  }

  @Test
  void theFirstStepIsTheOneAfterTheCheckpointWhenTheOutputFitsThat() {
    assertThat(first(progress(800), 801)).hasValue(801);
    assertThat(first(progress(800), 810, 820)).hasValue(801);
    assertThat(first(progress(0), 10, 20)).hasValue(1);
  }

  @Test
  void aScriptThatBeganElsewhereIsShownAsItIs() {
    assertThat(first(progress(800), 10, 20)).hasValue(10);
    assertThat(first(progress(800), 910, 920)).hasValue(910);
    assertThat(first(progress(0), 0, 1)).hasValue(0);
    assertThat(first(progress(0))).isEmpty();
  }

  @Test
  void aStepThatFallsBackAgainAndAgainIsUnknown() {
    Progress progress = progress(0);
    first(progress, 1, 2, 3, 1);
    assertThat(progress.seen().step()).hasValue(3);
    first(progress, 2, 9);
    assertThat(progress.seen().step()).isEmpty();
    assertThat(progress.firstStep()).isEmpty();
    progress.checkpointed(40);
    assertThat(progress.seen().step()).hasValue(40);
    first(progress, 70, 80);
    assertThat(progress.seen().step()).hasValue(40);
  }

  @Test
  void aCheckpointMovesTheStepButIsNoFirstStepAndNoFall() {
    Progress progress = progress(800);
    progress.checkpointed(800);
    assertThat(progress.seen().step()).isEmpty();
    progress.checkpointed(900);
    assertThat(progress.seen().step()).hasValue(900);
    assertThat(progress.firstStep()).isEmpty();
    // Steps counted from zero: 899 is told after 900 are done and saved.
    first(progress, 899);
    progress.checkpointed(1000);
    first(progress, 999);
    progress.checkpointed(1100);
    first(progress, 1099);
    assertThat(progress.seen().step()).hasValue(1100);
  }

  @Test
  void aScriptThatStartsOverIsSeenBelowItsCheckpoint() {
    Progress progress = progress(800);
    progress.checkpointed(800);
    first(progress, 10, 20, 30);
    assertThat(progress.seen().step()).hasValue(30);
    assertThat(progress.firstStep()).hasValue(10);
  }

  @Test
  void linesThatAreReadTogetherMakeNoRateOfTheirOwn() {
    Progress progress = progress(0);
    long step = 0;
    for (int look = 0; look < 5; look++) {
      for (int line = 0; line < 100; line++) {
        progress.step(++step);
        nanos.addAndGet(1_000);
      }
      if (look == 0) {
        assertThat(progress.seen().stepsPerSecond()).isEmpty();
      }
      nanos.addAndGet(2_000_000_000L);
    }
    assertThat(progress.seen().stepsPerSecond().orElseThrow()).isBetween(49.0, 51.0);
    assertThat(progress.seen().secondsSinceStep().orElseThrow()).isBetween(1.9, 2.1);
  }

  @Test
  void rateAndSilenceComeFromTheMonotonicClock() {
    Progress progress = progress(0);
    progress.step(10);
    nanos.addAndGet(2_000_000_000L);
    progress.step(30);
    nanos.addAndGet(500_000_000L);
    progress.step(30);
    assertThat(progress.seen().stepsPerSecond()).hasValue(10.0);
    assertThat(progress.seen().secondsSinceStep()).hasValue(0.5);
  }

  @Test
  void theOutputIsReadWhereItEndedBeforeAndHalfLinesWait() throws Exception {
    Path output = directory.resolve("output.log");
    var reader = new ProgressReader(directory.resolve("progress.json"), output, progress(0));
    reader.look();
    Files.writeString(output, "hello\nstep 1 loss 2.5\nstep 2");
    reader.look();
    assertThat(reader.progress().seen().step()).hasValue(1);
    assertThat(reader.progress().losses().newest()).isEqualTo(OptionalDouble.of(2.5));
    Files.writeString(output, "5 loss 0.5\n", StandardOpenOption.APPEND);
    reader.look();
    assertThat(reader.progress().seen().step()).hasValue(25);
  }

  @Test
  void ofALongStretchBothEndsAreRead() throws Exception {
    Path output = directory.resolve("output.log");
    Files.writeString(
        output, "step 1\n" + "no progress in this line\n".repeat(200_000) + "step 900 loss 0.25\n");
    var reader = new ProgressReader(directory.resolve("progress.json"), output, progress(0));
    reader.look();
    assertThat(reader.progress().seen().step()).hasValue(900);
    assertThat(reader.progress().firstStep()).hasValue(1);
  }

  @Test
  void theHelperModulesFileWinsOverWhatIsPrinted() throws Exception {
    Path output = Files.writeString(directory.resolve("output.log"), "step 5\n");
    Path file = directory.resolve("progress.json");
    Files.writeString(file, "{\"step\": 70, \"loss\": \"NaN\", \"at\": 1.0}");
    var reader = new ProgressReader(file, output, progress(0));
    reader.look();
    assertThat(reader.progress().seen().step()).hasValue(70);
    assertThat(reader.progress().losses().newest().orElseThrow()).isNaN();
    Files.writeString(file, "{\"step\": ");
    reader.look();
    assertThat(reader.progress().seen().step()).hasValue(70);
  }

  @Test
  void aFileWithoutALossLeavesThatToTheOutputAndTellsWhereItBegan() throws Exception {
    Path output = Files.writeString(directory.resolve("output.log"), "step 5 loss 0.25\n");
    Path file = directory.resolve("progress.json");
    Files.writeString(file, "{\"step\": 870, \"loss\": null, \"at\": 1.0, \"first\": 801}");
    var reader = new ProgressReader(file, output, progress(800));
    reader.look();
    assertThat(reader.progress().seen().step()).hasValue(870);
    assertThat(reader.progress().firstStep()).hasValue(801);
    assertThat(reader.progress().losses().newest()).hasValue(0.25);
  }
}
