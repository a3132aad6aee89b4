package io.vaultlayer.testkit.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vaultlayer.core.port.Bus;
import io.vaultlayer.testkit.fake.MemoryBus.Published;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Publishing events. */
public abstract class BusSuite {
  private Bus bus;

  /** A bus that nothing was published on; asked for once before each test. */
  protected abstract Bus bus() throws Exception;

  /** What a rule for the source {@code vaultlayer} delivered since the last call. */
  protected abstract List<Published> delivered() throws Exception;

  @BeforeEach
  void openBus() throws Exception {
    bus = bus();
  }

  @Test
  void anEventIsDeliveredWithItsTypeAndDetail() throws Exception {
    bus.publish("JobSubmitted", "{\"job\":\"job_1\",\"name\":\"Grüße \uD83D\uDE80\"}");
    assertThat(delivered())
        .containsExactly(
            new Published("JobSubmitted", "{\"job\":\"job_1\",\"name\":\"Grüße \uD83D\uDE80\"}"));
  }

  @Test
  void whatIsNoEventIsRefused() throws Exception {
    assertThatIllegalArgumentException().isThrownBy(() -> bus.publish(" ", "{}"));
    assertThatIllegalArgumentException().isThrownBy(() -> bus.publish("JobSubmitted", "[]"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bus.publish("JobSubmitted", "{" + " ".repeat(64 * 1024) + "}"));
    assertThat(delivered()).isEmpty();
  }
}
