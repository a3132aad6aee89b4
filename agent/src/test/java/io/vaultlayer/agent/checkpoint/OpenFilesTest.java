package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenFilesTest {
  @TempDir Path home;
  private final OpenFiles writers =
      new OpenFiles(() -> new long[] {ProcessHandle.current().pid(), 999_999_999});
  private Path kept;
  private Path file;

  @BeforeEach
  void open() throws Exception {
    kept = Files.createDirectories(home.resolve("kept/checkpoint-1"));
    file = Files.writeString(kept.resolve("w"), "content");
  }

  @Test
  void seesAFileOpenForWritingBelowADirectory() throws Exception {
    assertThat(writers.anyAt(kept)).isFalse();
    try (var open = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThat(open.isOpen()).isTrue();
      assertThat(writers.anyAt(kept)).isTrue();
      assertThat(writers.anyAt(file)).isTrue();
      assertThat(writers.anyAt(Files.createDirectory(home.resolve("kept/checkpoint-10"))))
          .isFalse();
    }
    assertThat(writers.anyAt(kept)).isFalse();
  }

  @Test
  void doesNotTakeAReaderForAWriter() throws Exception {
    try (var open = FileChannel.open(file, StandardOpenOption.READ)) {
      assertThat(open.isOpen()).isTrue();
      assertThat(writers.anyAt(kept)).isFalse();
    }
  }

  @Test
  void seesAMappingThatIsWrittenThroughAfterItsFileWasClosed() throws Exception {
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      try (var open = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        open.map(FileChannel.MapMode.READ_WRITE, 0, 4, arena)
            .set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0, (byte) 'C');
      }
      assertThat(writers.anyAt(kept)).isTrue();
    }
    assertThat(writers.anyAt(kept)).isFalse();
  }

  @Test
  void findsAFileThroughALinkedDirectory() throws Exception {
    Path alias = Files.createSymbolicLink(home.resolve("alias"), home.resolve("kept"));
    try (var open = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThat(open.isOpen()).isTrue();
      assertThat(writers.anyAt(alias.resolve("checkpoint-1"))).isTrue();
    }
  }

  @Test
  void seesThatAProcessIsStopped() throws Exception {
    Process sleeper = new ProcessBuilder("sleep", "60").start();
    try {
      var its = new OpenFiles(() -> new long[] {sleeper.pid()});
      assertThat(its.anyStopped()).isFalse();
      signal("-STOP", sleeper);
      Rig.until(its::anyStopped);
      signal("-CONT", sleeper);
      Rig.until(() -> !its.anyStopped());
    } finally {
      sleeper.destroyForcibly();
    }
  }

  private static void signal(String which, Process process) throws Exception {
    String pid = Long.toString(process.pid());
    assertThat(new ProcessBuilder("kill", which, pid).start().waitFor()).isZero();
  }

  @Test
  void saysNothingOfWhatIsNotThere() {
    assertThat(writers.anyAt(home.resolve("never"))).isFalse();
  }
}
