package io.vaultlayer.cli.rehearse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files of a script that says nothing have been left alone. */
class KeptDirectoryTest {
  private static final long SHORT_NANOS = 20_000_000L;

  @Test
  void aFileIsLeftAloneWhileItStaysTheSameUnderOneFinishedName(@TempDir Path kept)
      throws IOException, InterruptedException {
    var directory = new KeptDirectory(kept);
    var unfinished = Files.writeString(kept.resolve(".tmp-10"), "half");
    assertThat(later(directory)).as("an unfinished name").isFalse();

    var finished = Files.move(unfinished, kept.resolve("checkpoint-10"));
    assertThat(directory.changed()).isTrue();
    assertThat(directory.hasLeftAlone(SHORT_NANOS)).as("it has come now").isFalse();
    assertThat(later(directory)).isTrue();

    Files.writeString(finished, "written again, longer");
    assertThat(directory.changed()).isTrue();
    assertThat(directory.hasLeftAlone(SHORT_NANOS)).as("it has changed").isFalse();
    Files.delete(finished);
    assertThat(later(directory)).as("it is gone").isFalse();
  }

  private static boolean later(KeptDirectory directory) throws InterruptedException {
    directory.changed();
    Thread.sleep(30);
    assertThat(directory.changed()).isFalse();
    return directory.hasLeftAlone(SHORT_NANOS);
  }
}
