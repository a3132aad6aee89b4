package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.frame.Installation;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalTest {
  @TempDir Path directory;
  private Cli cli;
  private Path data;

  @BeforeEach
  void setUp() throws IOException {
    cli = new Cli(directory);
    cli.clock = Clock.systemUTC();
    data = directory.resolve("home/local");
    var dist = Files.createDirectory(directory.resolve("dist"));
    Files.writeString(
        dist.resolve("plane.args"),
        "-XX:TieredStopAtLevel=1\n-cp\n\""
            + System.getProperty("java.class.path").replace("\\", "\\\\")
            + "\"\nio.vaultlayer.cli.FakePlaneMain\n");
    cli.installation =
        new Installation(
            Optional.of(directory),
            Optional.of(dist),
            Path.of(System.getProperty("java.home"), "bin", "java"),
            directory.resolve("template.yaml"),
            directory.toString());
  }

  @AfterEach
  void stop() {
    pid().flatMap(ProcessHandle::of).ifPresent(ProcessHandle::destroyForcibly);
  }

  private Optional<Long> pid() {
    try {
      var text = Files.readString(data.resolve("plane.json"));
      return Optional.of(Json.tree(text).path("pid").asLong());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Test
  void upStartsOnceAndDownWaitsUntilItIsGone() throws IOException {
    var status = cli.run("local", "status");
    assertThat(status.exit()).isEqualTo(5);
    assertThat(status.err()).contains("it does not run; vl local up starts it");

    var up = cli.run("local", "up", "--json");
    assertThat(up.exit()).as(up.err()).isZero();
    var pid = pid().orElseThrow();
    assertThat(Json.tree(up.out()).path("pid").asLong()).isEqualTo(pid);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
        .isEqualTo("rwx------");
    assertThat(cli.run("local", "up").exit()).isZero();
    assertThat(pid()).contains(pid);
    assertThat(Json.tree(cli.run("local", "status", "--json").out()).fieldNames())
        .toIterable()
        .containsExactly(
            "endpoint", "tokenFile", "pid", "dataDir", "s3Endpoint", "bucket", "region", "version");

    var down = cli.run("local", "down");
    assertThat(down.exit()).as(down.err()).isZero();
    assertThat(down.err()).contains("instance i-1 of job " + FakePlane.JOB + " goes on without it");
    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(cli.run("local", "down").err()).contains("it does not run");
  }

  @Test
  void aCommandStartsAPlaneAgainThatHasData() throws IOException {
    Files.createDirectories(data);
    Files.writeString(data.resolve("store.db"), "");
    Files.writeString(
        data.resolve("plane.json"),
        "{\"endpoint\":\"http://127.0.0.1:1\",\"tokenFile\":\"x\",\"pid\":999999}");
    var ran = cli.run("ps", "--json");
    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(Json.tree(ran.out()).path("jobs")).hasSize(1);
    assertThat(cli.run("local", "credentials", "digits", "--json").out())
        .isEqualTo("{\"epoch\":1}\n");
  }

  @Test
  void aPlaneThatWasKilledIsStartedAgainByTheNextCommand() {
    cli.run("local", "up");
    ProcessHandle.of(pid().orElseThrow()).orElseThrow().destroyForcibly();
    var ran = cli.run("status", FakePlane.JOB, "--json");
    assertThat(ran.exit()).as(ran.err()).isZero();
  }

  @Test
  void thePlanesOwnLastWordsAndExitCodeAreHandedOn() throws IOException {
    Files.createDirectories(data);
    Files.writeString(data.resolve("refuse"), "");
    var ran = cli.run("local", "up");
    assertThat(ran.exit()).isEqualTo(3);
    assertThat(ran.err()).isEqualTo("starting the plane: port 4711 is taken; free it\n");
    var json = cli.run("run", "--json", "sh");
    assertThat(Json.tree(json.out()).path("code").asText()).isEqualTo("plane_did_not_start");
    Files.writeString(data.resolve("refuse"), "with its code");
    var coded = cli.run("run", "--json", "sh");
    assertThat(coded.exit()).isEqualTo(3);
    assertThat(Json.tree(coded.out()).path("code").asText()).isEqualTo("port_taken");
    assertThat(Json.tree(coded.out()).path("message").asText()).startsWith("starting the plane");
  }

  @Test
  void aHomeThatIsNoDirectoryIsSaidAndNotTakenForAnEmptyOne() throws IOException {
    var file = Files.writeString(cli.directory.resolve("file"), "");
    cli.environment.put("VAULTLAYER_HOME", file.toString());
    for (var command : List.of("ps", "check", "local status", "local down", "run sh")) {
      var ran = cli.run((command + " --json").replace("run sh --json", "run --json sh").split(" "));
      assertThat(ran.exit()).as(command).isEqualTo(3);
      assertThat(Json.tree(ran.out()).path("code").asText()).isEqualTo("home_unusable");
      assertThat(Json.tree(ran.out()).path("message").asText()).contains(file.toString());
    }
  }

  @Test
  void withoutAHomeOfItsOwnEverythingLiesInTheHomeOfTheEnvironment() throws IOException {
    var elsewhere = Files.createDirectory(cli.directory.resolve("elsewhere"));
    cli.environment.remove("VAULTLAYER_HOME");
    cli.environment.put("HOME", elsewhere.toString());
    data = elsewhere.resolve(".vaultlayer/local");
    assertThat(cli.run("local", "up").exit()).isZero();
    assertThat(data.resolve("plane.json")).exists();
    assertThat(cli.run("init", "--embedded").out().strip())
        .isEqualTo(elsewhere.resolve(".vaultlayer/config.json").toString());
    assertThat(cli.run("local", "down").exit()).isZero();
    cli.environment.put("HOME", "elsewhere");
    assertThat(cli.run("init", "--embedded").out().strip())
        .isEqualTo(cli.directory.resolve(".vaultlayer/config.json").toString());
  }

  @Test
  void aUserWithoutAHomeIsToldWhatToSet() throws IOException {
    cli.environment.remove("VAULTLAYER_HOME");
    var known = cli.installation;
    cli.installation =
        new Installation(known.root(), known.dist(), known.java(), known.template(), "?");
    var ran = cli.run("ps", "--json");
    assertThat(ran.exit()).isEqualTo(3);
    assertThat(Json.tree(ran.out()).path("code").asText()).isEqualTo("no_home");
    assertThat(Json.tree(ran.out()).path("message").asText()).contains("VAULTLAYER_HOME");
  }

  @Test
  void aPlaneThatEndsWithoutAWordIsReported() throws IOException {
    Files.createDirectories(data);
    Files.writeString(data.resolve("hang"), "");
    var ran = cli.run("gpus");
    assertThat(ran.exit()).isEqualTo(5);
    assertThat(ran.err()).contains("ended with exit code 0 and said nothing; see ");
  }

  @Test
  void withoutItsLauncherTheProgramSaysThatItCannotStartAPlane() {
    cli.installation = new Cli(directory).installation;
    var ran = cli.run("local", "up");
    assertThat(ran.exit()).isEqualTo(3);
    assertThat(ran.err()).contains("use ./vl of a checkout");
  }

  @Test
  void credentialsAreAnEmbeddedPlanesOnly() throws IOException {
    try (var plane = new FakePlane()) {
      plane.jobs.put(FakePlane.JOB, FakePlane.status(FakePlane.JOB, "a", "running").build());
      var ran = cli.at(plane).run("local", "credentials", FakePlane.JOB);
      assertThat(ran.exit()).isEqualTo(3);
    }
  }
}
