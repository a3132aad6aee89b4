package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever is wrong with what was asked for is said in one line of one shape, with the exit code of
 * the contract, and nothing is half-done.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class BadInputTest {
  private static final String NOBODY = "job_01m7y2me7mzbra623g0hw1bygn";

  /** {@code <doing what> <id>: <what happened>; <what happens next or what to do>} */
  private static final String SHAPE = "(?s)[a-z][^\\n]*: [^\\n]+; [^\\n]+";

  private static Home home;
  private static Path workdir;

  @BeforeAll
  static void aHome() {
    home = new Home();
    workdir = Scripts.directory("train.py", "print('trained')\n");
  }

  @AfterAll
  static void leave() {
    home.close();
    Home.delete(workdir);
  }

  @AfterEach
  void nothingIsHalfDone() {
    assertThat(home.vl("ps", "-a", "--json").ok().json().path("jobs")).isEmpty();
    assertThat(home.instanceProcesses()).isEmpty();
  }

  @Test
  void anEmptyCommand() {
    refused(2, "empty_command", "the command is empty", "run");
    refused(2, "empty_command", "the command is empty", "run", "--");
    refused(2, "empty_command", "the command is empty", "run", "");
  }

  @Test
  void aProgramThatDoesNotExist() {
    refused(2, "program_not_found", "no such program", "run", "no-such-program-of-ours");
    refused(2, "program_not_found", "no such program", "run", "./no-such-file.sh");
  }

  @Test
  void aWorkDirectoryThatIsNone() {
    refused(
        2, "bad_workdir", "does not exist", "run", "--workdir", "/no/such/place", "python3", "-V");
    refused(
        2,
        "bad_workdir",
        "is not a directory",
        "run",
        "--workdir",
        workdir.resolve("train.py").toString(),
        "python3",
        "-V");
  }

  @Test
  void aWorkDirectoryThatCannotBeRead() throws IOException {
    var closed = Scripts.directory("train.py", "print('trained')\n");
    var inside = Files.createDirectory(closed.resolve("inside"));
    Files.setPosixFilePermissions(inside, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(inside), "the superuser reads every directory");
    refused(
        2,
        "unreadable_workdir",
        "inside",
        "run",
        "--workdir",
        closed.toString(),
        "python3",
        "train.py");
    Files.setPosixFilePermissions(inside, PosixFilePermissions.fromString("rwx------"));
    Home.delete(closed);
  }

  @Test
  void anEnormousWorkDirectory() throws IOException {
    var enormous = Scripts.directory("train.py", "print('trained')\n");
    try (var file = new RandomAccessFile(enormous.resolve("weights.bin").toFile(), "rw")) {
      file.setLength(40L << 30);
    }
    refused(
        2,
        "workdir_too_large",
        "weights.bin",
        "run",
        "--workdir",
        enormous.toString(),
        "python3",
        "train.py");
    Home.delete(enormous);
  }

  @Test
  void aVariableThatIsNone() {
    for (var bad : List.of("=x", "A B=1", "1A=2", "NOBODY_HAS_SET_THIS")) {
      refused(2, null, "--env", "run", "--env", bad, "python3", "train.py");
    }
    refused(2, null, "--env-file", "run", "--env-file", "/no/such/file", "python3", "train.py");
  }

  @Test
  void aGpuClassThatNobodyKnows() {
    for (var bad : List.of("FOO", "A100:0", "A100:many", ",", "A100,FOO")) {
      refused(2, null, "--gpu", "run", "--gpu", bad, "python3", "train.py");
    }
    var told = refused(2, null, "unknown GPU class", "run", "--gpu", "FOO", "python3", "train.py");
    assertThat(told).contains("cpu", "A100_40", "H100", "RTX4090");
  }

  @Test
  void aGpuClassThatNoConnectedProviderHas() {
    refused(3, null, "--provider local", "run", "--gpu", "MI300X", "python3", "train.py");
  }

  @Test
  void valuesThatMakeNoSense() {
    refused(2, null, "--deadline", "run", "--deadline", "soon", "python3", "train.py");
    refused(2, null, "--budget", "run", "--budget", "-1", "python3", "train.py");
    refused(2, null, "--max-attempts", "run", "--max-attempts", "0", "python3", "train.py");
    refused(2, null, "--no-such-option", "run", "--no-such-option", "python3", "train.py");
    refused(2, null, "no such command", "frobnicate");
  }

  @Test
  void aJobThatNobodyKnows() {
    for (var command :
        List.of(
            "status",
            "logs",
            "wait",
            "cancel",
            "resume",
            "checkpoints",
            "kill-instance",
            "explain",
            "check")) {
      refused(4, "no_such_job", NOBODY, command, NOBODY);
    }
    refused(4, "no_such_job", NOBODY, "outputs", "pull", NOBODY);
    refused(4, "no_such_job", NOBODY, "checkpoints", "pull", NOBODY);
    refused(4, "no_such_job", NOBODY, "local", "credentials", NOBODY);
    refused(4, "no_such_job", "../../etc", "status", "../../etc");
    refused(4, "no_such_job", "a b", "status", "a b");
  }

  @Test
  void aPlaneThatIsNotThere() {
    try (var away =
        new Home(Map.of("VAULTLAYER_ENDPOINT", "http://127.0.0.1:9", "VAULTLAYER_TOKEN", "x"))) {
      refused(away, 5, null, "127.0.0.1:9", "ps");
      refused(away, 5, null, "127.0.0.1:9", "status", NOBODY);
      refused(
          away,
          5,
          null,
          "127.0.0.1:9",
          "run",
          "--workdir",
          workdir.toString(),
          "python3",
          "train.py");
    }
  }

  @Test
  void aPortThatAnotherProgramHasTaken() throws IOException {
    try (var other = new Home()) {
      other.vl("local", "up").ok();
      other.vl("local", "down").ok();
      var port =
          io.vaultlayer.wire.Json.tree(Home.read(other.local().resolve("ports.json")))
              .path("http")
              .asInt();
      try (var taken = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
        refused(other, 3, null, Integer.toString(taken.getLocalPort()), "local", "up");
        refused(other, 3, null, Integer.toString(taken.getLocalPort()), "ps");
      }
      other.vl("ps").ok();
    }
  }

  @Test
  void aDataDirectoryThatIsCorrupted() throws IOException {
    try (var other = new Home()) {
      other.vl("local", "up").ok();
      other.vl("local", "down").ok();
      var store = other.local().resolve("store.db");
      var whole = Files.readAllBytes(store);
      var garbage = new byte[whole.length];
      Arrays.fill(garbage, (byte) 0x5a);
      Files.write(store, garbage);
      refused(other, 3, null, "corrupted data directory", "local", "up");
      refused(
          other,
          3,
          null,
          "corrupted data directory",
          "run",
          "--workdir",
          workdir.toString(),
          "python3",
          "train.py");
      assertThat(Files.readAllBytes(store)).as("left as it was").isEqualTo(garbage);
      Files.write(store, whole);
      other.vl("ps").ok();
    }
  }

  /** As text and as JSON: exit code, shape, code and a word that says what it was. */
  private static String refused(int exit, String code, String word, String... command) {
    return refused(home, exit, code, word, command);
  }

  private static String refused(Home at, int exit, String code, String word, String... command) {
    var text = at.in(workdir, command);
    assertThat(text.exit()).as(String.join(" ", command) + ": " + text.err()).isEqualTo(exit);
    assertThat(text.out()).as("stdout of " + List.of(command)).isEmpty();
    var lines = text.err().strip().lines().toList();
    assertThat(lines.getLast()).as(text.err()).matches(SHAPE).contains(word);
    assertThat(text.err()).doesNotContain("\tat ", "Exception");

    var asJson = new ArrayList<>(List.of(command));
    // Right behind the command's own name: what follows the program's word belongs to it.
    var behind = command.length > 1 && command[0].equals("local") ? 2 : 1;
    if (command.length > 1 && command[1].equals("pull")) {
      behind = 2;
    }
    asJson.add(behind, "--json");
    var json = at.in(workdir, asJson.toArray(String[]::new));
    assertThat(json.exit()).as(asJson + json.err()).isEqualTo(exit);
    var document = json.json();
    assertThat(document.path("message").asText()).as(json.out()).matches(SHAPE).contains(word);
    assertThat(document.path("code").asText()).matches("[a-z][a-z_]+");
    assertThat(document.path("detail").isObject()).isTrue();
    if (code != null) {
      assertThat(document.path("code").asText()).isEqualTo(code);
    }
    return document.path("message").asText();
  }
}
