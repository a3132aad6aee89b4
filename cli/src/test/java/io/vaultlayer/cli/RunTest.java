package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.LogPiece;
import io.vaultlayer.wire.SubmitRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunTest {
  @TempDir Path directory;
  private FakePlane plane;
  private Cli cli;

  @BeforeEach
  void start() throws IOException {
    plane = new FakePlane();
    cli = new Cli(directory).at(plane);
    Files.writeString(directory.resolve("train.py"), "print('hello')\n");
    plane.logs.put(
        FakePlane.JOB,
        List.of(new LogPiece(1, 1, "step 1\nstep", null), new LogPiece(1, 2, null, "IDL/Cg==")));
    plane.jobs.put(
        FakePlane.JOB,
        FakePlane.status(FakePlane.JOB, "digits", "succeeded")
            .step(1400)
            .attempt("succeeded", null, 1L, 1400L, null)
            .build());
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  @Test
  void printsTheScriptsOutputVerbatimAndEndsWithSuccess() {
    var ran = cli.run("run", "--name", "digits", "sh", "train.py");
    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out()).isEqualTo("step 1\nstep 2\uFFFD\n");
    assertThat(ran.err())
        .contains("local cpu spot at $0.00/h, expected cost $0.00; runners-up: none")
        .contains("job " + FakePlane.JOB + " succeeded, 1400 steps, 1 attempt, 1m 00s, $0.00");
  }

  @Test
  void leavesEverythingBehindTheFirstPlainWordToTheCommand() {
    cli.run("run", "--env", "A=b=c", "sh", "--json", "--name", "x", "--", "-h");
    var request = submitted();
    assertThat(request.command()).containsExactly("sh", "--json", "--name", "x", "--", "-h");
    assertThat(request.environment()).containsEntry("A", "b=c");
    cli.run("run", "--detach", "--", "sh", "-c", "exit 1");
    assertThat(submitted().command()).containsExactly("sh", "-c", "exit 1");
  }

  @Test
  void detachedWithJsonPrintsTheStatusDocumentAndNothingElse() {
    var ran = cli.run("run", "--detach", "--json", "sh", "train.py");
    assertThat(ran.exit()).isZero();
    assertThat(Json.tree(ran.out()).path("id").asText()).isEqualTo(FakePlane.JOB);
    assertThat(ran.out().lines()).hasSize(1);
  }

  @Test
  void withJsonTheScriptsOutputGoesToStderr() {
    var ran = cli.run("run", "--json", "sh", "train.py");
    assertThat(Json.tree(ran.out()).path("state").asText()).isEqualTo("succeeded");
    assertThat(ran.err()).contains("step 1\n");
  }

  private SubmitRequest submitted() {
    return Json.parse(plane.asked("POST /v1/jobs").getLast().body(), SubmitRequest.class);
  }
}
