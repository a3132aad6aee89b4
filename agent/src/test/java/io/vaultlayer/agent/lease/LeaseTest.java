package io.vaultlayer.agent.lease;

import static io.vaultlayer.agent.lease.Lease.Standing.DEAD;
import static io.vaultlayer.agent.lease.Lease.Standing.FROZEN;
import static io.vaultlayer.agent.lease.Lease.Standing.HELD;
import static io.vaultlayer.agent.lease.Lease.Standing.LAPSED;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseTest {
  private static final Duration LENGTH = Duration.ofSeconds(8);

  private final ManualClocks clocks = new ManualClocks();
  private final Lease lease =
      new Lease(clocks, clocks.monotonic(), LENGTH, Duration.ofSeconds(60), Duration.ofMinutes(30));

  /** As the watch does: a look every quarter second. */
  private void pass(double seconds) {
    for (int i = 0; i < seconds * 4; i++) {
      clocks.pass(Duration.ofMillis(250));
      lease.standing();
    }
  }

  @Test
  void withoutABeatItLapsesThenFreezesThenDies() {
    assertThat(lease.standing()).isEqualTo(HELD);
    pass(7.75);
    assertThat(lease.standing()).isEqualTo(HELD);
    pass(0.25);
    assertThat(lease.standing()).isEqualTo(LAPSED);
    pass(52);
    assertThat(lease.standing()).isEqualTo(FROZEN);
    pass(29 * 60);
    assertThat(lease.standing()).isEqualTo(DEAD);
  }

  @Test
  void anAcceptedBeatCountsFromWhenItWasSent() {
    pass(4);
    long sent = clocks.monotonic();
    pass(3);
    lease.accepted(sent, LENGTH);
    pass(4.75);
    assertThat(lease.standing()).isEqualTo(HELD);
    pass(0.25);
    assertThat(lease.standing()).isEqualTo(LAPSED);
  }

  @Test
  void aSuspendedMachineIsFrozenUntilABeatSentAfterwardsIsAccepted() {
    pass(1);
    long before = clocks.monotonic();
    clocks.jump(Duration.ofSeconds(6));
    assertThat(lease.standing()).isEqualTo(FROZEN);
    lease.accepted(before, LENGTH);
    assertThat(lease.standing()).isEqualTo(FROZEN);
    clocks.pass(Duration.ofMillis(10));
    lease.accepted(clocks.monotonic(), LENGTH);
    assertThat(lease.standing()).isEqualTo(HELD);
  }

  @Test
  void aSmallStepOfTheWallClockIsNothing() {
    clocks.jump(Duration.ofSeconds(4));
    assertThat(lease.standing()).isEqualTo(HELD);
    clocks.jump(Duration.ofSeconds(-4));
    assertThat(lease.standing()).isEqualTo(HELD);
  }

  @Test
  void aStoppedProcessFindsItselfFrozen() {
    clocks.pass(Duration.ofSeconds(9));
    assertThat(lease.standing()).isEqualTo(FROZEN);
    clocks.pass(Duration.ofMillis(10));
    lease.accepted(clocks.monotonic(), LENGTH);
    assertThat(lease.standing()).isEqualTo(HELD);
  }

  @Test
  void aLongerLeaseFromTheAckHolds() {
    lease.accepted(clocks.monotonic(), Duration.ofSeconds(40));
    pass(39);
    assertThat(lease.standing()).isEqualTo(HELD);
  }
}
