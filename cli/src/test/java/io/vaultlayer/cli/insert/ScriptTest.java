package io.vaultlayer.cli.insert;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.cli.frame.Installation;
import io.vaultlayer.cli.frame.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptTest {
  @TempDir Path directory;

  @BeforeEach
  void files() throws IOException {
    Files.createDirectories(directory.resolve("pkg"));
    for (var name : List.of("train.py", "pkg/run.py", "pkg/__main__.py", "notes.txt")) {
      Files.writeString(directory.resolve(name), "");
    }
    Files.createSymbolicLink(directory.resolve("link.py"), Path.of("pkg/run.py"));
    Files.createSymbolicLink(directory.resolve("out.py"), Path.of("/etc/hostname"));
  }

  private Optional<Script> script(String command) throws IOException {
    var nowhere =
        new Installation(Optional.empty(), Optional.empty(), null, null, directory.toString());
    var shell =
        new Shell(
            System.out,
            System.err,
            false,
            false,
            directory,
            Map.of("PATH", System.getenv("PATH")),
            Clock.systemUTC(),
            new Random(1),
            nowhere);
    return Script.of(shell, directory, List.of(command.split(" ")));
  }

  private String name(String command) throws IOException {
    return script(command).map(Script::name).orElse("none");
  }

  @Test
  void theFileThatPythonRunsIsFoundBehindWrappersAndOptions() throws IOException {
    assertThat(name("python3 train.py --epochs 3")).isEqualTo("train.py");
    assertThat(name("python3.11 -u -W ignore -X dev train.py")).isEqualTo("train.py");
    assertThat(name("env A=1 B=2 nohup python3 -OO pkg/run.py")).isEqualTo("pkg/run.py");
    assertThat(name("python -m pkg.run -c x")).isEqualTo("pkg/run.py");
    assertThat(name("python -m pkg")).isEqualTo("pkg/__main__.py");
    assertThat(name("uv run train.py")).isEqualTo("train.py");
    assertThat(name("./train.py")).isEqualTo("train.py");
    assertThat(name("/nowhere/python3 link.py")).isEqualTo("pkg/run.py");
    assertThat(script("python3 train.py").orElseThrow().interpreter()).isPresent();
    assertThat(script("/nowhere/python3 train.py").orElseThrow().interpreter()).isEmpty();
  }

  @Test
  void whatIsNoFileOfTheWorkDirectoryIsNobodys() throws IOException {
    for (var command :
        List.of(
            "sh train.py",
            "python3 -c pass",
            "python3 -",
            "python3",
            "python3 notes.txt",
            "python3 out.py",
            "python3 missing.py",
            "python3 -m http.server",
            "torchrun train.py",
            "uv sync",
            "env")) {
      assertThat(name(command)).as(command).isEqualTo("none");
    }
  }

  @Test
  void anOptionThatHidesTheHelperIsSeen() throws IOException {
    assertThat(script("python3 -I train.py").orElseThrow().hidden()).isEqualTo("-I");
    assertThat(script("python3 -uE train.py").orElseThrow().hidden()).isEqualTo("-uE");
    assertThat(script("python3 -u train.py -I").orElseThrow().hidden()).isEmpty();
  }
}
