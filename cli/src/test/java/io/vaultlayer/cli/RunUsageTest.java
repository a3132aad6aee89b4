package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.SubmitRequest;
import io.vaultlayer.wire.SubmitRequest.GpuWish;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunUsageTest {
  @TempDir Path directory;
  private FakePlane plane;
  private Cli cli;

  @BeforeEach
  void start() throws IOException {
    plane = new FakePlane();
    cli = new Cli(directory).at(plane);
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  private String refused(String... words) {
    var ran = cli.run(words);
    assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
    assertThat(ran.err()).matches("[^;\n]+: .+; .+\n");
    assertThat(plane.asked).as("nothing was sent").isEmpty();
    return ran.err();
  }

  @Test
  void anEmptyCommandIsRefused() {
    assertThat(refused("run")).contains("the command is empty");
    assertThat(refused("run", "--name", "x", "--")).contains("the command is empty");
    assertThat(refused("run", "")).contains("the command is empty");
    assertThat(refused("rehearse"))
        .startsWith("rehearsing a run: the command is empty; ")
        .contains("vl rehearse python3");
    assertThat(refused("estimate")).startsWith("estimating a run: ").contains("vl estimate ");
    assertThat(refused("rehearse", "no-such-program")).startsWith("rehearsing no-such-program: ");
  }

  @Test
  void aProgramThatIsNotThereIsRefused() throws IOException {
    assertThat(refused("run", "no-such-program-at-all")).contains("no such program on the PATH");
    assertThat(refused("run", "./train.sh")).contains("no such program in ");
    Files.writeString(directory.resolve("train.sh"), "#!/bin/sh\n");
    assertThat(refused("run", "./train.sh")).contains("not executable");
    assertThat(refused("run", "train.sh")).contains("write ./train.sh");
  }

  @Test
  void pythonIsFineWherePython3Is() throws IOException {
    var bin = Files.createDirectory(directory.resolve("bin"));
    Files.writeString(bin.resolve("python3"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        bin.resolve("python3"), PosixFilePermissions.fromString("rwxr-xr-x"));
    cli.environment.put("PATH", bin.toString());
    var ran = cli.run("run", "--detach", "python", "train.py");
    assertThat(ran.exit()).as(ran.err()).isZero();
  }

  @Test
  void anUnknownGpuClassListsTheKnownOnes() {
    var said = refused("run", "--gpu", "cpu,Z80", "sh");
    assertThat(said).contains("--gpu Z80", "unknown GPU class");
    GpuClass.known().forEach(gpu -> assertThat(said).contains(gpu.name()));
    assertThat(refused("run", "--gpu", "H100:0", "sh")).contains("a number from 1 to 16");
    assertThat(refused("run", "--nodes", "2", "sh")).contains("one machine");
  }

  @Test
  void aliasesOfAClassAreOneClass() {
    cli.run("run", "--detach", "--gpu", "a100-40:2,A100_40GB,h100", "sh");
    assertThat(submitted().gpu())
        .containsExactly(
            new GpuWish("A100_40", 2), new GpuWish("A100_40", 1), new GpuWish("H100", 1));
  }

  @Test
  void theModelsSizeChoosesTheClass() {
    cli.run("run", "--detach", "--train-mode", "qlora", "--model-params", "70", "sh");
    assertThat(submitted().gpu().getFirst()).isEqualTo(new GpuWish("A100_80", 1));
    plane.asked.clear();
    assertThat(refused("run", "--train-mode", "qlora", "sh")).contains("one needs the other");
    assertThat(refused("run", "--train-mode", "full", "--model-params", "9000", "sh"))
        .contains("none of the classes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"=x", "1A=x", "A B=x", "NOT_SET_ANYWHERE", "", "CHECKPOINT_DIR=/tmp"})
  void aBadVariableIsRefusedWithoutItsValue(String pair) {
    assertThat(refused("run", "--env", pair, "sh")).startsWith("reading --env: ");
  }

  @Test
  void variablesComeFromFilesThenOptionsThenTheShell() throws IOException {
    cli.environment.put("FROM_SHELL", "s");
    Files.writeString(
        directory.resolve("vars"),
        "# a comment\n\nexport A=1\nB='two words'\nC=\"x=y\"\nFROM_SHELL\n");
    cli.run("run", "--detach", "--env-file", "vars", "--env", "A=2", "--env", "E=", "sh");
    assertThat(submitted().environment())
        .containsEntry("A", "2")
        .containsEntry("B", "two words")
        .containsEntry("C", "x=y")
        .containsEntry("E", "")
        .containsEntry("FROM_SHELL", "s");
    plane.asked.clear();
    assertThat(refused("run", "--env-file", "missing", "sh")).contains("does not exist");
    Files.writeString(directory.resolve("vars"), "A=1\nsecret-value\n");
    assertThat(refused("run", "--env-file", "vars", "sh"))
        .contains("line 2")
        .doesNotContain("secret-value");
  }

  @Test
  void onlyTheShellsToolchainVariablesTravel() {
    cli.environment.put("CONDA_PREFIX", "/opt/conda");
    cli.environment.put("AWS_SECRET_ACCESS_KEY", "hidden");
    cli.run("run", "--detach", "sh");
    assertThat(submitted().hostEnvironment()).containsOnlyKeys("PATH", "CONDA_PREFIX");
  }

  @Test
  void aWorkDirectoryThatIsNoneIsRefused() throws IOException {
    assertThat(refused("run", "--workdir", "nowhere", "sh")).contains("does not exist");
    Files.writeString(directory.resolve("file"), "");
    assertThat(refused("run", "--workdir", "file", "sh")).contains("not a directory");
  }

  @Test
  void anUnreadableFileIsNamed() throws IOException {
    var file = Files.writeString(directory.resolve("private.bin"), "x");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeTrue(!Files.isReadable(file), "root reads everything");
    var ran = cli.run("run", "sh");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("private.bin cannot be read", ".vlignore");
  }

  @Test
  void anEnormousWorkDirectoryNamesItsBiggestEntries() throws IOException {
    Files.createDirectory(directory.resolve("data"));
    try (var sparse = new RandomAccessFile(directory.resolve("data/set.bin").toFile(), "rw")) {
      sparse.setLength(3L << 30);
    }
    var ran = cli.run("run", "sh");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("more than 2 GiB", "data/ (3.0 GiB)", ".vlignore");
    assertThat(plane.asked("POST /v1/jobs")).isEmpty();
    Files.writeString(directory.resolve(".vlignore"), "data/\n");
    assertThat(cli.run("run", "--detach", "sh").exit()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--deadline soon",
        "--deadline 1h30m",
        "--budget 0",
        "--budget NaN",
        "--max-price -1",
        "--max-attempts 0",
        "--max-wait soon",
        "--retry-exit-codes 0",
        "--retry-exit-codes 3,256",
        "--checkpoint-every 0",
        "--name ../x",
        "--spot --on-demand",
        "--failover --no-failover",
        "--budget much",
        "--train-mode tiny --model-params 7"
      })
  void aBadValueIsRefused(String options) {
    refused(("run " + options + " sh").split(" "));
  }

  @Test
  void vlYamlHoldsTheSameAsKeysAndOptionsWin() throws IOException {
    Files.writeString(
        directory.resolve("vl.yaml"),
        """
        name: from-file
        gpu: [H100, "A100_80:2"]
        failover: false
        max-price: 2.5
        env: {A: 1, B: two}
        provider: [local]
        command: [sh, -c, "exit 0"]
        """);
    cli.run("run", "--detach", "--name", "from-option", "--env", "A=9");
    var request = submitted();
    assertThat(request.name()).isEqualTo("from-option");
    assertThat(request.command()).containsExactly("sh", "-c", "exit 0");
    assertThat(request.gpu()).containsExactly(new GpuWish("H100", 1), new GpuWish("A100_80", 2));
    assertThat(request.failover()).isFalse();
    assertThat(request.environment()).containsEntry("A", "9").containsEntry("B", "two");
    assertThat(request.providers()).containsExactly("local");
    assertThat(request.maxPriceUsdPerHour()).isEqualTo(2.5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nonsense: 1", "- a list", "gpu: [", "workdir: x", "budget: much", "name: {a: b}"})
  void aBadVlYamlIsRefused(String text) throws IOException {
    Files.writeString(directory.resolve("vl.yaml"), text + "\n");
    assertThat(refused("run", "sh")).contains("vl.yaml");
  }

  private SubmitRequest submitted() {
    return Json.parse(plane.asked("POST /v1/jobs").getLast().body(), SubmitRequest.class);
  }
}
