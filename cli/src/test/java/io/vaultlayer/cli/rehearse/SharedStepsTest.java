package io.vaultlayer.cli.rehearse;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.Lists.Checkpoint;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedStepsTest {
  private static Checkpoint checkpoint(long step, String status) {
    return new Checkpoint(step, 1, status, null, null, null, null, null, null, null);
  }

  private static List<Checkpoint> committed(long... steps) {
    return java.util.Arrays.stream(steps).mapToObj(step -> checkpoint(step, "committed")).toList();
  }

  @Test
  void theGreatestThatBothHoldIsCompared() {
    assertThat(SharedSteps.greatest(committed(10, 20, 30, 50), committed(20, 30, 40))).hasValue(30);
    assertThat(SharedSteps.greatest(committed(10, 30, 50), committed(20, 40, 60))).isEmpty();
  }

  @Test
  void whatWasPrunedOnEitherSideCannotBeCompared() {
    var pruned = List.of(checkpoint(10, "committed"), checkpoint(30, "pruned"));
    assertThat(SharedSteps.greatest(pruned, committed(10, 30))).hasValue(10);
    assertThat(SharedSteps.greatest(committed(10, 30), pruned)).hasValue(10);
  }

  @Test
  void savesThatWereLeftOutStillLieOnAGridAndThoseByTheClockOnNone() {
    assertThat(SharedSteps.comeBySteps(List.of(10L, 30L, 70L, 20L, 80L))).isTrue();
    assertThat(SharedSteps.comeBySteps(List.of(1L, 11L, 41L, 61L))).isTrue();
    assertThat(SharedSteps.comeBySteps(List.of(3L, 4L, 9L))).isTrue();
    assertThat(SharedSteps.comeBySteps(List.of(13L, 27L, 40L, 55L))).isFalse();
  }
}
