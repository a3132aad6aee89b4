package io.vaultlayer.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OomRecordTest {
  private static final int NOBODY = 4_194_305;

  @TempDir Path directory;

  @Test
  void aGrownCountIsAKillForWantOfMemory() throws Exception {
    Path events = Files.writeString(directory.resolve("memory.events"), "oom 3\noom_kill 2\n");
    OomRecord record = OomRecord.start(events);
    assertThat(record.killed(NOBODY)).isFalse();
    Files.writeString(events, "oom 4\noom_kill 3\n");
    assertThat(record.killed(NOBODY)).isTrue();
  }

  @Test
  void whereNothingCanBeReadThereIsNoRecord() {
    assertThat(OomRecord.start(directory.resolve("none")).killed(NOBODY)).isFalse();
  }

  @Test
  void theCounterOfThisMachineCanBeRead() {
    assertThat(OomRecord.start().killed(NOBODY)).isFalse();
  }
}
