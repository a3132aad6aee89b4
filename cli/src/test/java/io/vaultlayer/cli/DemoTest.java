package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.FakePlane.Answer;
import io.vaultlayer.cli.frame.Installation;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Download;
import io.vaultlayer.wire.Lists.Downloads;
import io.vaultlayer.wire.Lists.LogPiece;
import io.vaultlayer.wire.SubmitRequest;
import io.vaultlayer.wire.SubmitResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
  private static final String ALONE = "job_01k9999999999999999999999a";
  private static final String STRUCK = "job_01k9999999999999999999999b";

  @TempDir Path directory;
  private FakePlane plane;
  private Cli cli;
  private final AtomicInteger sinceKill = new AtomicInteger(-1);

  @BeforeEach
  void start() throws IOException {
    plane = new FakePlane();
    cli = new Cli(directory);
    var example = Files.createDirectories(directory.resolve("examples/digits"));
    Files.writeString(example.resolve("train.py"), "");
    cli.installation =
        new Installation(
            Optional.of(directory),
            Optional.empty(),
            Path.of("java"),
            Path.of("t"),
            directory.toString());
    var bin = Files.createDirectory(directory.resolve("bin"));
    Files.writeString(bin.resolve("python3"), "");
    Files.setPosixFilePermissions(
        bin.resolve("python3"),
        java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
    cli.environment.put("PATH", bin.toString());
    embed();
    script();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  /** Lets this test's own process stand for the plane's. */
  private void embed() throws IOException {
    var local = Files.createDirectories(directory.resolve("home/local"));
    Files.writeString(local.resolve("token"), "t\n");
    Files.writeString(
        local.resolve("plane.json"),
        Json.render(
            Map.of(
                "endpoint", plane.endpoint(),
                "tokenFile", local.resolve("token").toString(),
                "pid", ProcessHandle.current().pid())));
    plane.routes.put("GET /local/status", asked -> Answer.of(Map.of()));
  }

  private void script() {
    plane.routes.put(
        "POST /v1/jobs",
        asked -> {
          var name = Json.parse(asked.body(), SubmitRequest.class).name();
          var id = name.equals("demo-interrupted") ? STRUCK : ALONE;
          plane.jobs.put(id, FakePlane.status(id, name, "queued").build());
          return Answer.of(new SubmitResponse(plane.jobs.get(id), null));
        });
    plane.routes.put(
        "GET /v1/jobs/" + ALONE,
        asked ->
            Answer.of(
                FakePlane.status(ALONE, "demo-uninterrupted", "succeeded")
                    .step(300)
                    .attempt("succeeded", null, 1L, 300L, null)
                    .build()));
    plane.routes.put("GET /v1/jobs/" + STRUCK, asked -> Answer.of(struck()));
    plane.routes.put(
        "POST /v1/jobs/" + STRUCK + "/simulate-instance-death",
        asked -> {
          sinceKill.set(0);
          return Answer.of(struck());
        });
    plane.logs.put(STRUCK, List.of(new LogPiece(1, 1, "step 60/300 loss 2\nstep 7", null)));
    outputs(ALONE, "weights");
    outputs(STRUCK, "weights");
  }

  private Object struck() {
    var name = "demo-interrupted";
    if (sinceKill.get() < 0) {
      return FakePlane.status(STRUCK, name, "running")
          .step(50)
          .checkpoint(50, 1)
          .attempt(null, null, 1L, 50L, null)
          .build();
    }
    return FakePlane.status(STRUCK, name, sinceKill.getAndIncrement() < 2 ? "running" : "succeeded")
        .step(300)
        .attempt("lost", "process group gone", 1L, 60L, null)
        .attempt("succeeded", null, 51L, 300L, 50L)
        .build();
  }

  private void outputs(String job, String weights) {
    var bytes = weights.getBytes(StandardCharsets.UTF_8);
    plane.objects.put("/bucket/" + job, bytes);
    plane.routes.put(
        "GET /v1/jobs/" + job + "/outputs",
        asked ->
            Answer.of(
                new Downloads(
                    null,
                    1,
                    List.of(
                        new Download(
                            "weights.bin",
                            "k",
                            bytes.length,
                            sha256(bytes),
                            plane.endpoint() + "/bucket/" + job)),
                    null)));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void killsOnceBehindACheckpointAndComparesTheWeights() {
    var ran = cli.run("demo", "--quick", "--json");
    assertThat(ran.exit()).as(ran.err()).isZero();
    var report = Json.tree(ran.out());
    assertThat(report.path("equal").asBoolean()).isTrue();
    assertThat(report.path("jobs").path("interrupted").asText()).isEqualTo(STRUCK);
    assertThat(report.path("digests").path("uninterrupted").asText())
        .isEqualTo(sha256("weights".getBytes(StandardCharsets.UTF_8)));
    assertThat(report.path("attempts")).hasSize(2);
    assertThat(plane.asked("POST /v1/jobs/" + STRUCK + "/simulate-instance-death")).hasSize(1);
    assertThat(ran.err()).contains("at step 60, its checkpoint of step 50 is stored");
    sinceKill.set(-1);
    assertThat(cli.run("demo", "--quick").out()).contains("equal: one of them lost its machine");
  }

  @Test
  void differentWeightsExitWith1() {
    outputs(STRUCK, "other weights");
    var ran = cli.run("demo", "--quick", "--json");
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(Json.tree(ran.out()).path("equal").asBoolean()).isFalse();
  }

  @Test
  void aRunThatEndsBeforeItCouldBeInterruptedIsNoProof() {
    sinceKill.set(0);
    var ran = cli.run("demo", "--quick");
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("ended before it could be interrupted; give it more --steps");
  }

  @Test
  void withoutPythonItSaysSoBeforeAnythingStarts() {
    cli.environment.put("PATH", directory.toString());
    var ran = cli.run("demo", "--quick");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("python3: no such program");
    assertThat(plane.asked).isEmpty();
  }
}
