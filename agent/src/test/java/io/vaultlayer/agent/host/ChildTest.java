package io.vaultlayer.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildTest {
  @TempDir Path directory;

  private Path output() {
    return directory.resolve("output.log");
  }

  private Child start(String... argv) throws Exception {
    return Child.start(
        new Child.Order(
            argv[0],
            List.of(argv),
            Map.of("PATH", "/usr/bin:/bin", "A", "b c"),
            directory,
            output()));
  }

  @Test
  void anExitWithCode137AndADeathBySignal9AreToldApart() throws Exception {
    assertThat(start("/bin/sh", "-c", "exit 137").await()).isEqualTo(new Ending.Exited(137));
    assertThat(start("/bin/sh", "-c", "kill -9 $$").await()).isEqualTo(new Ending.Signalled(9));
    assertThat(start("/bin/sh", "-c", "kill -15 $$").await()).isEqualTo(new Ending.Signalled(15));
    assertThat(start("/bin/sh", "-c", "exit 0").await()).isEqualTo(new Ending.Exited(0));
  }

  @Test
  void bothOutputsComeInOrderIntoOneFileAndArgumentsAreNoShellText() throws Exception {
    start("/bin/sh", "-c", "echo one; echo two >&2; echo \"$A|$1\"; pwd", "sh", "$(echo x); *")
        .await();
    assertThat(Files.readAllLines(output()))
        .containsExactly("one", "two", "b c|$(echo x); *", directory.toRealPath().toString());
  }

  @Test
  void aChildLeadsItsOwnSessionAndHoldsNoDescriptorOfOurs() throws Exception {
    Path held = Files.createFile(directory.resolve("held"));
    try (var ours = Files.newByteChannel(held)) {
      assertThat(ours.isOpen()).isTrue();
      Child child = start("/bin/sleep", "30");
      Path process = Path.of("/proc/" + child.pid());
      Set<String> open;
      try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
        open = descriptors.map(fd -> fd.getFileName().toString()).collect(Collectors.toSet());
      }
      assertThat(open).containsExactlyInAnyOrder("0", "1", "2");
      assertThat(Files.readSymbolicLink(process.resolve("fd/0"))).hasToString("/dev/null");
      assertThat(ProcessTable.row(child.pid()).orElseThrow().session()).isEqualTo(child.pid());
      Libc.kill(child.pid(), Libc.SIGKILL);
      assertThat(child.await()).isEqualTo(new Ending.Signalled(9));
    }
  }

  @Test
  void aScriptWithoutAFirstLineIsRunByTheShell() throws Exception {
    Path script = Files.writeString(directory.resolve("run"), "echo \"as $1\"\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    assertThat(start("./run", "told").await()).isEqualTo(new Ending.Exited(0));
    assertThat(output()).hasContent("as told");
  }

  @Test
  void whatIsNotThereIsNamed() {
    assertThatThrownBy(() -> start("./no-such-program"))
        .isInstanceOf(Child.NotStarted.class)
        .hasMessage("./no-such-program: not found");
  }

  @Test
  void signalsThatThisProcessIgnoresAreNotIgnoredByItsChildren() throws Exception {
    start("/bin/sh", "-c", "grep -E 'Sig(Ign|Blk)' /proc/self/status").await();
    // Signals 32 and 33 belong to the C library's threads; no program can ask for them.
    assertThat(Files.readString(output()).replaceAll("\\s", ""))
        .matches("SigBlk:0{16}SigIgn:0{7}[01]80{7}|SigBlk:0{16}SigIgn:0{16}");
  }
}
