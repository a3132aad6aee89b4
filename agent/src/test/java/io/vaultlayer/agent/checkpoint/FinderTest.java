package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Silence, on a clock of the test's own. */
class FinderTest {
  private static final long SECOND = 1_000_000_000L;

  @TempDir Path kept;
  private boolean open;
  private boolean stopped;
  private long now;
  private Finder finder;

  @BeforeEach
  void start() throws IOException {
    var writers =
        new Writers() {
          @Override
          public boolean anyAt(Path path) {
            return open;
          }

          @Override
          public boolean anyStopped() {
            return stopped;
          }
        };
    finder =
        new Finder(
            kept, writers, new Finder.Silence(5 * SECOND, SECOND, 60 * SECOND), OptionalInt::empty);
    finder.baseline(now, Optional.of(Set.of()));
    Rig.fill(Files.createDirectory(kept.resolve("checkpoint-1")), "w", "written in place");
    assertThat(look(0)).isEmpty();
  }

  @Test
  void takesFiveSecondsWithoutAChangeForCompletion() throws Exception {
    assertThat(seconds(4.5)).isEmpty();
    assertThat(seconds(0.5)).hasSize(1);
    assertThat(seconds(10)).as("told once").isEmpty();
  }

  @Test
  void startsAnewWithEveryChange() throws Exception {
    assertThat(seconds(4.5)).isEmpty();
    Rig.fill(kept.resolve("checkpoint-1"), "more", "m");
    assertThat(seconds(5)).isEmpty();
    assertThat(seconds(0.5)).hasSize(1);
  }

  @Test
  void doesNotCountThePauseOfAWholeHost() throws Exception {
    assertThat(seconds(1)).isEmpty();
    now += 60 * SECOND;
    assertThat(look(0)).as("first look after the pause").isEmpty();
    assertThat(seconds(2)).isEmpty();
    assertThat(seconds(1)).hasSize(1);
  }

  @Test
  void doesNotCountTheTimeInWhichTheScriptIsStopped() throws Exception {
    assertThat(seconds(4)).isEmpty();
    stopped = true;
    assertThat(seconds(60)).isEmpty();
    stopped = false;
    assertThat(seconds(4.5)).isEmpty();
    assertThat(seconds(0.5)).hasSize(1);
  }

  @Test
  void startsAnewWhenAWriterIsFoundAtTheEndOfTheSilence() throws Exception {
    open = true;
    assertThat(seconds(5)).isEmpty();
    open = false;
    assertThat(seconds(4.5)).isEmpty();
    assertThat(seconds(0.5)).hasSize(1);
  }

  @Test
  void takesNoSilenceOfADeadScript() throws Exception {
    assertThat(seconds(4.5)).isEmpty();
    now += 10 * SECOND;
    assertThat(finder.look(now, Finder.Phase.ENDED_BADLY, -1, Map.of())).isEmpty();
  }

  @Test
  void countsAllTimeOfAScriptThatEndedWell() throws Exception {
    now += 6 * SECOND;
    assertThat(finder.look(now, Finder.Phase.ENDED_WELL, -1, Map.of())).hasSize(1);
  }

  private List<Sighted> seconds(double seconds) throws IOException {
    List<Sighted> found = List.of();
    for (double at = 0; at < seconds; at += 0.5) {
      found = look(SECOND / 2);
    }
    return found;
  }

  private List<Sighted> look(long later) throws IOException {
    now += later;
    return finder.look(now, Finder.Phase.RUNNING, -1, Map.of());
  }
}
