package io.vaultlayer.agent.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.agent.host.Child;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentStateTest {
  @TempDir Path directory;

  private Path file() {
    return directory.resolve("agent-state.json");
  }

  private AgentState create() throws IOException {
    return AgentState.create(file(), "http://127.0.0.1:1", "job_1", 1, "vl-label");
  }

  @Test
  void beatsGrowAlsoAcrossAgentsThatWereEnded() throws IOException {
    AgentState first = create();
    long last = 0;
    for (int i = 0; i < 2500; i++) {
      long beat = first.nextBeat();
      assertThat(beat).isEqualTo(last + 1);
      last = beat;
    }
    assertThat(AgentState.read(file()).orElseThrow().nextBeat()).isGreaterThan(last);
  }

  @Test
  void whatWasStartedIsFoundAgainAndForgottenWithTheNextEpoch() throws IOException {
    AgentState state = create();
    state.training(new Child(77, 12345));
    assertThat(AgentState.read(file()).orElseThrow().stored())
        .isEqualTo(state.stored())
        .extracting(AgentState.Stored::training)
        .isEqualTo(new Child(77, 12345));
    state.begun(2, Map.of("VAULTLAYER_UPLOAD_MB_PER_SECOND", "1.5"));
    AgentState.Stored next = AgentState.read(file()).orElseThrow().stored();
    assertThat(next.epoch()).isEqualTo(2);
    assertThat(next.training()).isNull();
    assertThat(next.uploadRate()).isEqualTo("1.5");
  }

  @Test
  void aFullDiskEndsNoBeats() throws IOException {
    AgentState state = create();
    Files.delete(file());
    Files.delete(directory);
    assertThat(state.nextBeat()).isEqualTo(1);
    assertThat(state.nextBeat()).isEqualTo(2);
    Files.createDirectory(directory);
  }

  @Test
  void noStateIsNoErrorAndADamagedOneIs() throws IOException {
    assertThat(AgentState.read(file())).isEmpty();
    Files.writeString(file(), "{\"epoch\":");
    assertThatThrownBy(() -> AgentState.read(file())).isInstanceOf(IOException.class);
  }
}
