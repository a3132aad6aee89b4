package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.FakePlane.Answer;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.Lists.LogPiece;
import io.vaultlayer.wire.StatusDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobCommandsTest {
  static final String OTHER = "job_01k9999999999999999999999b";

  @TempDir Path directory;
  private FakePlane plane;
  private Cli cli;

  @BeforeEach
  void start() throws IOException {
    plane = new FakePlane();
    cli = new Cli(directory).at(plane);
    plane.jobs.put(
        FakePlane.JOB,
        FakePlane.status(FakePlane.JOB, "digits", "running")
            .step(1400)
            .checkpoint(1300, 2)
            .warning("a checkpoint was held back")
            .attempt("lost", "process group gone", 1L, 900L, null)
            .attempt(null, null, 801L, 1400L, 800L)
            .build());
    plane.jobs.put(
        OTHER,
        FakePlane.status(OTHER, "other", "failed")
            .reason("user_program_failed", "exit code 3")
            .exitCode(3)
            .attempt("failed", "exit code 3", null, null, null)
            .build());
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  private void golden(String name, String text) throws IOException {
    try (var expected = getClass().getResourceAsStream("/golden/" + name)) {
      var directoryToWrite = System.getenv("VAULTLAYER_WRITE_GOLDEN");
      if (directoryToWrite != null) {
        Files.writeString(Path.of(directoryToWrite, name), text);
        return;
      }
      assertThat(expected).as(name).isNotNull();
      assertThat(text).isEqualTo(new String(expected.readAllBytes()));
    }
  }

  @Test
  void psIsATable() throws IOException {
    golden("ps-all.txt", cli.run("ps", "-a").out());
    golden("ps.txt", cli.run("ps").out());
  }

  @Test
  void statusTellsEverythingOnOnePage() throws IOException {
    golden("status.txt", cli.run("status", "digits").out());
    golden("status-failed.txt", cli.run("status", "other").out());
  }

  @Test
  void gpuStatsShowsEachDeviceAndWhatIsNotKnownAsADash() throws IOException {
    plane.jobs.put(
        FakePlane.JOB,
        FakePlane.status(FakePlane.JOB, "digits", "running")
            .step(1400)
            .attempt(null, null, 801L, 1400L, 800L)
            .heard(
                "2026-11-20T10:01:57Z",
                new StatusDocument.Gpu(0, 97, 71200L, 81664L, 64, 312),
                new StatusDocument.Gpu(1, null, null, 81664L, 35, null))
            .build());
    golden("gpu-stats.txt", cli.run("gpu-stats", "digits").out());
    assertThat(cli.run("status", "digits").out()).contains("loss 0.4100 (heard 3s ago)");
    var json = Json.tree(cli.run("gpu-stats", "digits", "--json").out());
    assertThat(json.path("gpus").path(0).path("utilisationPercent").asInt()).isEqualTo(97);
    assertThat(json.path("gpus").path(1).path("powerW").isNull()).isTrue();
  }

  @Test
  void gpuStatsSaysWhyThereIsNothingToShow() {
    assertThat(cli.run("gpu-stats", "digits").out())
        .isEqualTo("digits: it runs on the class cpu: there is no GPU to show\n");
    assertThat(cli.run("gpu-stats", "other").out()).startsWith("other: the job has ended (failed)");
    assertThat(cli.run("gpu-stats", "nobody").exit()).isEqualTo(4);
  }

  @Test
  void explainTellsDecisionsAndReasonsForDoingNothingInOrder() throws IOException {
    var taken =
        "no_capacity: vast refused: the offer was taken by somebody else while we asked for it";
    var rows =
        List.of(
            new Lists.DecisionRow(
                "2026-11-20T10:00:00.123Z",
                1,
                "placing",
                "Claim",
                "CLAIMED",
                "due",
                List.of(),
                null,
                null),
            new Lists.DecisionRow(
                "2026-11-20T10:00:01Z",
                1,
                "waiting",
                null,
                null,
                taken,
                List.of(),
                17L,
                "2026-11-20T10:05:00Z"));
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB + "/explain",
        asked -> Answer.of(new Lists.Decisions(rows, null)));
    golden("explain.txt", cli.run("explain", "digits").out());
    var told = Json.tree(cli.run("explain", "digits", "--json").out()).path("decisions");
    assertThat(told).hasSize(2);
    assertThat(told.get(1).path("edge").isNull()).isTrue();
  }

  @Test
  void helpIsStable() throws IOException {
    golden("help.txt", cli.run("--help").out());
    golden("help-run.txt", cli.run("run", "--help").out());
  }

  @Test
  void psAsJsonHoldsStatusDocuments() {
    var ran = cli.run("ps", "-a", "--json");
    assertThat(Json.parse(ran.out(), Lists.Jobs.class).jobs())
        .containsExactlyElementsOf(plane.jobs.values());
  }

  @Test
  void psOfAHomeWithoutDataIsEmptyAndStartsNothing() {
    cli.environment.remove("VAULTLAYER_ENDPOINT");
    assertThat(cli.run("ps", "--json").out()).isEqualTo("{\"jobs\":[]}\n");
    assertThat(cli.run("status", "x").exit()).isEqualTo(4);
    assertThat(cli.run("check", "--json").out())
        .isEqualTo("{\"jobs\":0,\"broken\":[],\"openInstances\":0,\"reservations\":0}\n");
    assertThat(directory.resolve("home")).doesNotExist();
  }

  @Test
  void aJobIsFoundByIdByItsBeginningAndByName() {
    for (var given : List.of(OTHER, "job_01k9999999999999999999999b", "other")) {
      var ran = cli.run("status", given, "--json");
      assertThat(Json.tree(ran.out()).path("id").asText()).as(ran.err()).isEqualTo(OTHER);
    }
    var ambiguous = cli.run("status", "job_01k99");
    assertThat(ambiguous.exit()).isEqualTo(4);
    assertThat(ambiguous.err()).contains("2 jobs match", "give the full id");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status X",
        "logs X",
        "wait X",
        "cancel X",
        "resume X",
        "kill-instance X",
        "checkpoints X",
        "checkpoints pull X",
        "outputs pull X",
        "explain X",
        "check X"
      })
  void anUnknownJobExitsWith4(String line) {
    for (var job : List.of("unknown", "job_01k9999999999999999999999z")) {
      var ran = cli.run(line.replace("X", job).split(" "));
      assertThat(ran.exit()).as(line + ran.err()).isEqualTo(4);
      assertThat(ran.err()).contains("no such job; ");
      assertThat(ran.out()).isEmpty();
    }
  }

  @Test
  void anEndpointThatDoesNotAnswerExitsWith5() {
    plane.close();
    for (var line : List.of("ps", "status " + OTHER, "run sh", "gpus", "providers", "check")) {
      var ran = cli.run(line.split(" "));
      assertThat(ran.exit()).as(line).isEqualTo(5);
      assertThat(ran.err()).contains("reaching the control plane at http://127.0.0.1:");
    }
  }

  @Test
  void waitEndsWithTheJobsOutcome() {
    var looks = new AtomicInteger();
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB,
        asked ->
            looks.incrementAndGet() < 2
                ? null
                : Answer.of(FakePlane.status(FakePlane.JOB, "digits", "succeeded").build()));
    var ran = cli.run("wait", FakePlane.JOB);
    assertThat(ran.exit()).isZero();
    assertThat(ran.out()).isEqualTo("succeeded\n");
    var ended = cli.run("wait", "other");
    assertThat(ended.exit()).isEqualTo(1);
    assertThat(ended.err()).contains("running job ", "vl logs ");
  }

  @Test
  void resumeCarriesTheEpochThatItSaw() {
    cli.run("resume", FakePlane.JOB);
    var asked = plane.asked("POST /v1/jobs/" + FakePlane.JOB + "/resume").getFirst();
    assertThat(asked.body()).isEqualTo("{\"epoch\":2}");
  }

  @Test
  void anAnswerThatIsLostIsMadeUpForByALook() {
    var seen = plane.jobs.get(FakePlane.JOB);
    plane.routes.put(
        "POST /v1/jobs/" + FakePlane.JOB + "/resume",
        asked -> {
          throw new IllegalStateException("nothing is done, and nothing is answered");
        });
    assertThat(cli.run("resume", FakePlane.JOB).exit()).isEqualTo(5);
    plane.routes.put(
        "POST /v1/jobs/" + FakePlane.JOB + "/resume",
        asked -> {
          var next = FakePlane.status(FakePlane.JOB, "digits", "queued");
          for (int epoch = 1; epoch <= seen.epoch() + 1; epoch++) {
            next.attempt("lost", "host gone", null, null, null);
          }
          plane.jobs.put(FakePlane.JOB, next.build());
          throw new IllegalStateException("it is done, and nothing is answered");
        });
    var resumed = cli.run("resume", FakePlane.JOB);
    assertThat(resumed.exit()).as(resumed.err()).isZero();
    assertThat(resumed.out()).isEqualTo(FakePlane.JOB + "\n");

    plane.routes.put(
        "POST /v1/jobs/" + FakePlane.JOB + "/cancel",
        asked -> {
          var ended = FakePlane.status(FakePlane.JOB, "digits", "cancelled").build();
          plane.jobs.put(FakePlane.JOB, ended);
          throw new IllegalStateException("it is done, and nothing is answered");
        });
    var cancelled = cli.run("cancel", FakePlane.JOB);
    assertThat(cancelled.exit()).as(cancelled.err()).isZero();
  }

  @Test
  void whatThePlaneRefusesExitsWith3InItsOwnWords() {
    plane.routes.put(
        "POST /v1/jobs/" + OTHER + "/cancel",
        asked ->
            Answer.refused(
                422, "job_ended", "cancelling " + OTHER + ": it has ended; nothing was changed"));
    var ran = cli.run("cancel", OTHER);
    assertThat(ran.exit()).isEqualTo(3);
    assertThat(ran.err())
        .isEqualTo("cancelling " + OTHER + ": it has ended; nothing was changed\n");
    assertThat(Json.tree(cli.run("cancel", OTHER, "--json").out()).path("code").asText())
        .isEqualTo("job_ended");
  }

  @Test
  void somethingElseThatIsNotThereExitsWith3() {
    var ran = cli.run("checkpoints", "pull", FakePlane.JOB, "--step", "7");
    assertThat(ran.exit()).isEqualTo(3);
  }

  @Test
  void logsAreTheScriptsBytes() {
    plane.logs.put(
        FakePlane.JOB,
        List.of(new LogPiece(1, 1, "a\u001b[1m\n", null), new LogPiece(2, 1, "b", null)));
    assertThat(cli.run("logs", FakePlane.JOB).out()).isEqualTo("a\u001b[1m\nb");
    assertThat(cli.run("logs", FakePlane.JOB, "--attempt", "2").out()).isEqualTo("b");
  }

  @Test
  void anAttemptThatThereIsNotIsRefusedAndNotTakenForASilentOne() {
    for (var words : List.of(List.<String>of(), List.of("--json"), List.of("-f"))) {
      var job = words.contains("-f") ? OTHER : FakePlane.JOB;
      var command = new ArrayList<>(List.of("logs", job, "--attempt", "99"));
      command.addAll(words);
      var ran = cli.run(command.toArray(String[]::new));
      assertThat(ran.exit()).as(command.toString()).isEqualTo(3);
      assertThat(ran.out() + ran.err()).contains("no attempt 99, the newest is ");
    }
  }

  @Test
  void checkExitsWith1AndTheRulesId() {
    plane.routes.put(
        "GET /v1/check",
        asked ->
            asked.query() != null && asked.query().contains("after=j")
                ? Answer.of(
                    new Lists.Check(
                        1, List.of(new Lists.Broken(OTHER, "INV-3", "went back")), 2, 1, null))
                : Answer.of(new Lists.Check(2, List.of(), 0, 0, "j~2")));
    var ran = cli.run("check");
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.out()).isEqualTo("INV-3  " + OTHER + "  went back\n");
    var document = Json.tree(cli.run("check", "--json").out());
    assertThat(document.path("jobs").asInt()).isEqualTo(3);
    assertThat(document.path("openInstances").asInt()).isEqualTo(2);
    assertThat(document.path("reservations").asInt()).isEqualTo(1);
  }

  @Test
  void anAnswerThatIsNoJsonIsTheControlPlanesFault() {
    plane.routes.put("GET /v1/jobs", asked -> new Answer(200, "<html>"));
    assertThat(cli.run("ps").exit()).isEqualTo(5);
    plane.routes.put("GET /v1/jobs", asked -> new Answer(502, "<html>"));
    assertThat(cli.run("ps").exit()).isEqualTo(5);
    plane.routes.put("GET /v1/jobs", asked -> new Answer(403, "{\"message\":\"Forbidden\"}"));
    assertThat(cli.run("ps").exit()).isEqualTo(3);
  }

  @Test
  void initAsksTheEndpointBeforeItWritesItDown() throws IOException {
    cli.environment.remove("VAULTLAYER_ENDPOINT");
    var ran = cli.run("init", "--endpoint", plane.endpoint() + "/", "--bucket", "artifacts");
    assertThat(ran.exit()).as(ran.err()).isZero();
    var file = directory.resolve("home/config.json");
    assertThat(ran.out()).isEqualTo(file + "\n");
    assertThat(Json.tree(Files.readString(file)).path("endpoint").asText())
        .isEqualTo(plane.endpoint());
    assertThat(cli.run("status", "other").exit()).isZero();
    plane.close();
    assertThat(cli.run("init", "--endpoint", plane.endpoint()).exit()).isEqualTo(5);
    Files.writeString(file, "{\"endpoint\":\"http://a\",\"local\":{\"beatSeconds\":5}}");
    assertThat(cli.run("init", "--embedded").exit()).isZero();
    assertThat(Json.tree(Files.readString(file)))
        .isEqualTo(Json.tree("{\"local\":{\"beatSeconds\":5}}"));
    Files.writeString(file, "{");
    assertThat(cli.run("ps").err()).contains("config.json", "vl init");
    assertThat(cli.run("init", "--embedded").exit()).isZero();
    assertThat(cli.run("ps").exit()).isZero();
  }
}
