package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.FakePlane.Answer;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Download;
import io.vaultlayer.wire.Lists.Downloads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PullTest {
  private static final byte[] WEIGHTS = "weights".getBytes(StandardCharsets.UTF_8);

  @TempDir Path directory;
  private FakePlane plane;
  private Cli cli;

  @BeforeEach
  void start() throws IOException {
    plane = new FakePlane();
    cli = new Cli(directory).at(plane);
    plane.jobs.put(
        FakePlane.JOB,
        FakePlane.status(FakePlane.JOB, "digits", "succeeded").checkpoint(800, 1).build());
    plane.objects.put("/bucket/w", WEIGHTS);
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Download file(String name) {
    return new Download(
        name, "key", WEIGHTS.length, sha256(WEIGHTS), plane.endpoint() + "/bucket/w");
  }

  private void checkpoint(String step, Download... files) {
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB + "/checkpoints/" + step + "/files",
        asked ->
            asked.query().contains("after=2")
                ? Answer.of(new Downloads(800L, 1, List.of(file("second")), null))
                : Answer.of(new Downloads(800L, 1, List.of(files), files.length > 1 ? "2" : null)));
  }

  @Test
  void theNewestCommittedCheckpointIsPulledAndVerified() throws IOException {
    checkpoint("800", file("model/weights.bin"), file("state.json"));
    var ran = cli.run("checkpoints", "pull", "digits");
    assertThat(ran.exit()).as(ran.err()).isZero();
    var to = directory.resolve("digits-checkpoint-800");
    assertThat(Files.readAllBytes(to.resolve("model/weights.bin"))).isEqualTo(WEIGHTS);
    assertThat(to.resolve("second")).exists();
    assertThat(ran.err()).contains("3 files");
    assertThat(ran.out()).startsWith(sha256(WEIGHTS) + "  model/weights.bin\n");
  }

  @Test
  void aDamagedFileIsNotLeftBehind() {
    checkpoint("5", file("weights.bin"));
    plane.objects.put("/bucket/w", "weightz".getBytes(StandardCharsets.UTF_8));
    var ran = cli.run("checkpoints", "pull", FakePlane.JOB, "--step", "5", "--to", "x");
    assertThat(ran.exit()).isEqualTo(3);
    assertThat(ran.err())
        .contains("is not the file that was committed")
        .doesNotContain("/bucket/w");
    assertThat(directory.resolve("x").toFile().list()).isEmpty();
    plane.objects.put("/bucket/w", "weights-and-more".getBytes(StandardCharsets.UTF_8));
    assertThat(cli.run("checkpoints", "pull", FakePlane.JOB, "--step", "5").exit()).isEqualTo(3);
    plane.objects.put("/bucket/w", "we".getBytes(StandardCharsets.UTF_8));
    assertThat(cli.run("checkpoints", "pull", FakePlane.JOB, "--step", "5").exit()).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "/tmp/x", "a/../../x", "..", "", "a/../b", "a\\b"})
  void aNameThatLeadsOutsideIsRefused(String name) {
    checkpoint("5", file(name));
    var ran = cli.run("checkpoints", "pull", FakePlane.JOB, "--step", "5", "--to", "x");
    assertThat(ran.exit()).isEqualTo(3);
    assertThat(ran.err()).contains("leads outside");
  }

  @Test
  void outputsArePulledWithAReport() {
    plane.routes.put(
        "GET /v1/jobs/" + FakePlane.JOB + "/outputs",
        asked -> Answer.of(new Downloads(null, 2, List.of(file("weights.bin")), null)));
    var ran = cli.run("outputs", "pull", "digits", "--to", "out", "--json");
    assertThat(ran.exit()).as(ran.err()).isZero();
    var report = Json.tree(ran.out());
    assertThat(report.path("files").get(0).path("sha256").asText()).isEqualTo(sha256(WEIGHTS));
    assertThat(report.path("directory").asText()).isEqualTo(directory.resolve("out").toString());
  }
}
