package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The README's first command. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
class DemoTest {
  @Test
  void theDemoLosesItsMachineOnceAndShowsEqualWeights() {
    try (var home = new Home()) {
      var ran = home.vl("demo", "--quick", "--json");
      assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
      var shown = ran.json();
      assertThat(shown.path("equal").asBoolean()).isTrue();
      var digests = shown.path("digests");
      assertThat(digests.path("interrupted").asText())
          .hasSize(64)
          .isEqualTo(digests.path("uninterrupted").asText());
      var job = shown.path("jobs").path("interrupted").asText();
      assertThat(home.weights(job)).isEqualTo(digests.path("interrupted").asText());
      assertThat(shown.path("attempts")).hasSize(2);
      assertThat(shown.path("attempts").get(0).path("outcome").asText()).isEqualTo("lost");
      assertThat(shown.path("attempts").get(1).path("outcome").asText()).isEqualTo("succeeded");
      assertThat(shown.path("attempts").get(1).path("resumedFrom").asLong()).isPositive();
      assertThat(home.instanceProcesses()).isEmpty();
      assertThat(home.vl("check", "--json").ok().json().path("broken")).isEmpty();
    }
  }
}
