package io.vaultlayer.cli.rehearse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files of a script that says nothing have been left alone. */
class KeptDirectoryTest {
  @Test
  void aFileIsLeftAloneWhileItStaysTheSameUnderOneFinishedName(@TempDir Path kept)
      throws IOException {
    var directory = new KeptDirectory(kept);
    var unfinished = Files.writeString(kept.resolve(".tmp-10"), "half");
    directory.changed(0);
    assertThat(directory.changed(100)).isFalse();
    assertThat(directory.hasLeftAlone(100, 100)).as("an unfinished name").isFalse();

    var finished = Files.move(unfinished, kept.resolve("checkpoint-10"));
    assertThat(directory.changed(200)).isTrue();
    assertThat(directory.hasLeftAlone(100, 299)).isFalse();
    assertThat(directory.changed(300)).isFalse();
    assertThat(directory.hasLeftAlone(100, 300)).isTrue();

    Files.writeString(finished, "written again, longer");
    assertThat(directory.changed(400)).isTrue();
    assertThat(directory.hasLeftAlone(100, 400)).as("it has changed").isFalse();
    Files.delete(finished);
    assertThat(directory.changed(500)).isFalse();
    assertThat(directory.hasLeftAlone(100, 500)).as("it is gone").isFalse();
  }
}
