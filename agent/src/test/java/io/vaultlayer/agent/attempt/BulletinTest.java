package io.vaultlayer.agent.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.gpu.GpuMonitor;
import io.vaultlayer.agent.hook.Hook;
import io.vaultlayer.agent.lease.ManualClocks;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.agent.work.InstanceDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulletinTest {
  @TempDir Path directory;

  @Test
  void whoJudgesACheckpointHearsAtOnceHowManyProcessesTheHookHasSeen() throws IOException {
    var places = new InstanceDir(directory.resolve("instance"));
    Path run = Files.createDirectories(places.hook(1));
    var bulletin =
        new Bulletin(
            places, 1, new ManualClocks(), GpuMonitor.of(Map.of("PATH", ""), places.own()));
    assertThat(bulletin.worldSize()).isEmpty();
    bulletin.hears(
        new Hook(
            run,
            new AgentLog(directory.resolve("agent.log"), () -> Instant.EPOCH),
            bulletin::warn));
    assertThat(bulletin.worldSize()).isEmpty();
    Files.writeString(
        run.resolve("events.jsonl"),
        "{\"event\":\"found\",\"world\":4}\n{\"event\":\"notice\",\"text\":\"look here\"}\n");
    assertThat(bulletin.worldSize()).hasValue(4);
    assertThat(bulletin.beat(1).warnings()).containsExactly("look here");
  }
}
