package io.vaultlayer.core.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.port.Provider;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RhythmTest {
  private static Provider.Facts facts(String name, int beat, int lease) {
    var minute = Duration.ofMinutes(1);
    return new Provider.Facts(
        name, "validated", "a test", beat, lease, minute, minute, Optional.empty());
  }

  @Test
  void onDemandBeatsAThirdAsOftenAsSpot() {
    var remote = facts("vast", 10, 40);
    assertThat(Rhythm.of(remote, "spot", 0)).isEqualTo(new Rhythm(10, 40));
    assertThat(Rhythm.of(remote, "on-demand", 0)).isEqualTo(new Rhythm(30, 120));
  }

  @Test
  void aDeploymentMayChooseItsBeatAndTheLeaseIsFourOfThem() {
    var remote = facts("vast", 10, 40);
    assertThat(Rhythm.of(remote, "spot", 5)).isEqualTo(new Rhythm(5, 20));
    assertThat(Rhythm.of(remote, "on-demand", 5)).isEqualTo(new Rhythm(15, 60));
    assertThatThrownBy(() -> Rhythm.of(remote, "spot", -1)).hasMessageContaining("0");
  }

  @Test
  void theLocalProviderKeepsItsOwn() {
    var local = facts("local", 2, 8);
    assertThat(Rhythm.of(local, "spot", 5)).isEqualTo(new Rhythm(2, 8));
    assertThat(Rhythm.of(local, "on-demand", 0)).isEqualTo(new Rhythm(2, 8));
  }
}
