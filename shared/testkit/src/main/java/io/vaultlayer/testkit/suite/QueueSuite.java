package io.vaultlayer.testkit.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vaultlayer.core.port.Queue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sending hints. */
public abstract class QueueSuite {
  private Queue queue;

  /** An empty queue; asked for once before each test. */
  protected abstract Queue queue() throws Exception;

  /** Removes and returns what can be received now. */
  protected abstract List<String> receive() throws Exception;

  /** Lets this much time pass, at least. */
  protected abstract void pass(Duration time) throws Exception;

  @BeforeEach
  void openQueue() throws Exception {
    queue = queue();
  }

  @Test
  void aMessageArrivesAsItWasSent() throws Exception {
    var body = "{\"job\":\"job_1\",\"text\":\"Grüße 世界 \uD83D\uDE80 <&> \\n\"}";
    queue.send(body, Duration.ZERO);
    assertThat(receive()).containsExactly(body);
    assertThat(receive()).isEmpty();
  }

  @Test
  void severalMessagesArriveEach() throws Exception {
    for (int i = 0; i < 5; i++) {
      queue.send("{\"i\":" + i + "}", Duration.ZERO);
    }
    var got = new ArrayList<String>();
    for (int tries = 0; tries < 10 && got.size() < 5; tries++) {
      got.addAll(receive());
    }
    assertThat(got)
        .containsExactlyInAnyOrder("{\"i\":0}", "{\"i\":1}", "{\"i\":2}", "{\"i\":3}", "{\"i\":4}");
  }

  @Test
  void aDelayedMessageStaysAwayUntilItsTime() throws Exception {
    queue.send("{\"later\":true}", Duration.ofSeconds(2));
    assertThat(receive()).isEmpty();
    pass(Duration.ofMillis(3200));
    assertThat(receive()).containsExactly("{\"later\":true}");
  }

  @Test
  void theLongestBodyAndDelayAreAccepted() {
    queue.send("x".repeat(64 * 1024), Queue.MOST_DELAY);
  }

  @Test
  void delaysAndBodiesBeyondTheLimitsAreRefused() throws Exception {
    for (var wrong :
        List.of(Duration.ofSeconds(-1), Queue.MOST_DELAY.plusSeconds(1), Duration.ofMillis(1500))) {
      assertThatIllegalArgumentException().isThrownBy(() -> queue.send("{}", wrong));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> queue.send("ä".repeat(32 * 1024) + "x", Duration.ZERO));
    assertThatIllegalArgumentException().isThrownBy(() -> queue.send("", Duration.ZERO));
    assertThat(receive()).isEmpty();
  }
}
