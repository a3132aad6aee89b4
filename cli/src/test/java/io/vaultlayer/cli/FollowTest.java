package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.FakePlane.Answer;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.LogPiece;
import io.vaultlayer.wire.StatusDocument;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FollowTest {
  @TempDir Path directory;
  private FakePlane plane;
  private Cli cli;
  private final List<LogPiece> pieces = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    plane = new FakePlane();
    cli = new Cli(directory).at(plane);
    plane.logs.put(FakePlane.JOB, pieces);
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  private static StatusBuilder status(String state) {
    return FakePlane.status(FakePlane.JOB, "digits", state);
  }

  /** Each look at the job shows the next of these; the last one stays. */
  private void story(Map<StatusDocument, List<LogPiece>> chapters) {
    var order = List.copyOf(chapters.keySet());
    plane.jobs.put(FakePlane.JOB, order.getFirst());
    var looks = new AtomicInteger();
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB,
        asked -> {
          int look = Math.min(looks.getAndIncrement(), order.size() - 1);
          var job = order.get(look);
          pieces.addAll(chapters.get(job).stream().filter(p -> !pieces.contains(p)).toList());
          return Answer.of(job);
        });
  }

  @Test
  void aLossAndItsResumeAreToldAndTheDyingWordsAreNotLost() {
    var chapters = new java.util.LinkedHashMap<StatusDocument, List<LogPiece>>();
    chapters.put(
        status("running").attempt(null, null, 1L, 900L, null).build(),
        List.of(new LogPiece(1, 1, "step 900\n", null)));
    chapters.put(
        status("recovering")
            .checkpoint(800, 1)
            .attempt("lost", "process group gone", 1L, 950L, null)
            .build(),
        List.of());
    chapters.put(
        status("running")
            .checkpoint(800, 1)
            .attempt("lost", "process group gone", 1L, 950L, null)
            .attempt(null, null, 801L, 810L, 800L)
            .build(),
        List.of(new LogPiece(2, 1, "step 801\n", null)));
    chapters.put(
        status("succeeded")
            .step(1000)
            .attempt("lost", "process group gone", 1L, 950L, null)
            .attempt("succeeded", null, 801L, 1000L, 800L)
            .build(),
        List.of(new LogPiece(1, 2, "step 950, the last words\n", null)));
    story(chapters);
    var ran = cli.run("logs", "-f", FakePlane.JOB);
    assertThat(ran.exit()).isZero();
    assertThat(ran.out()).contains("step 900\n", "step 801\n", "step 950, the last words\n");
    assertThat(ran.out().lines()).hasSize(3);
    assertThat(ran.err())
        .contains(
            "instance lost (process group gone); resuming from step 800 (attempt 2)",
            "attempt 2 resumed from step 800")
        .doesNotContain("\033[");
  }

  @Test
  void onATerminalProgressIsDrawnAndTakenAwayAgain() {
    cli.terminal = true;
    var chapters = new java.util.LinkedHashMap<StatusDocument, List<LogPiece>>();
    chapters.put(
        status("running").step(7).attempt(null, null, 1L, 7L, null).build(),
        List.of(new LogPiece(1, 1, "half a line", null)));
    chapters.put(
        status("running").step(8).attempt(null, null, 1L, 8L, null).build(),
        List.of(new LogPiece(1, 2, " and its end\n", null)));
    chapters.put(status("succeeded").attempt("succeeded", null, 1L, 9L, null).build(), List.of());
    story(chapters);
    var ran = cli.run("logs", "-f", FakePlane.JOB);
    assertThat(ran.out()).isEqualTo("half a line and its end\n");
    assertThat(ran.err()).contains("running | step 8 | loss 0.4100").endsWith("\r\033[K");
    assertThat(ran.err()).as("no line is drawn into a half-written one").doesNotContain("step 7");
  }

  @Test
  void aFailedJobEndsWith1AndItsReason() {
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB,
        asked ->
            Answer.of(
                status("failed")
                    .reason("user_program_failed", "the program ended with exit code 3")
                    .exitCode(3)
                    .attempt("failed", "exit code 3", null, null, null)
                    .build()));
    pieces.add(new LogPiece(1, 1, "Traceback: boom\n", null));
    var ran = cli.run("run", "sh", "train.sh");
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.out()).isEqualTo("Traceback: boom\n");
    assertThat(ran.err())
        .contains("running job " + FakePlane.JOB + ": failed, user_program_failed")
        .contains("exit code 3");
    var json = cli.run("run", "--json", "sh", "train.sh");
    assertThat(json.exit()).isEqualTo(1);
    assertThat(Json.tree(json.out()).path("reason").asText()).isEqualTo("user_program_failed");
  }

  @Test
  void aPlaneThatIsAwayForAWhileIsWaitedFor() {
    var looks = new AtomicInteger();
    plane.jobs.put(FakePlane.JOB, status("running").build());
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB,
        asked -> {
          int look = looks.incrementAndGet();
          return look == 2 || look == 3
              ? new Answer(503, "away")
              : look < 2 ? null : Answer.of(status("succeeded").build());
        });
    var ran = cli.run("logs", "-f", FakePlane.JOB);
    assertThat(ran.exit()).as(ran.err()).isZero();
  }

  @Test
  void afterAMinuteWithoutAnAnswerItSaysHowToFollowAgain() {
    var started = Instant.parse("2026-11-20T10:00:00Z");
    var asked = new AtomicInteger();
    InstantSource quick = () -> started.plus(Duration.ofSeconds(25L * asked.getAndIncrement()));
    cli.clock = quick.withZone(ZoneOffset.UTC);
    var looks = new AtomicInteger();
    plane.jobs.put(FakePlane.JOB, status("running").build());
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB,
        request -> looks.incrementAndGet() == 1 ? null : new Answer(503, "away"));
    var ran = cli.run("wait", FakePlane.JOB);
    assertThat(ran.exit()).isEqualTo(5);
    assertThat(ran.err()).contains("has not answered for 60 s", "vl wait " + FakePlane.JOB);
  }

  @Test
  void warningsAndWaitingAreToldOnce() {
    var chapters = new java.util.LinkedHashMap<StatusDocument, List<LogPiece>>();
    chapters.put(status("waiting").warning("held back").build(), List.of());
    chapters.put(status("waiting").warning("held back").step(1).build(), List.of());
    chapters.put(status("succeeded").warning("held back").build(), List.of());
    story(chapters);
    var ran = cli.run("logs", "-f", FakePlane.JOB);
    assertThat(ran.err()).containsOnlyOnce("warning: held back").containsOnlyOnce("no capacity");
  }
}
