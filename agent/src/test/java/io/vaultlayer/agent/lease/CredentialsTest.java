package io.vaultlayer.agent.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CredentialsTest {
  private final ManualClocks clocks = new ManualClocks();

  private S3Credentials until(String id, Duration life) {
    Instant now = Instant.ofEpochMilli(TimeUnit.NANOSECONDS.toMillis(clocks.wall()));
    return expiring(id, now.plus(life).toString());
  }

  private static S3Credentials expiring(String id, String at) {
    return new S3Credentials("http://x", "r", "b", id, "s", "t", "jobs/", at);
  }

  @Test
  void othersAreAskedForWhenTwoThirdsOfTheirLifeAreOver() {
    var credentials = new Credentials(clocks, until("a", Duration.ofMinutes(60)));
    clocks.pass(Duration.ofMinutes(39));
    assertThat(credentials.due()).isFalse();
    clocks.pass(Duration.ofMinutes(1));
    assertThat(credentials.due()).isTrue();
    credentials.renewed(until("b", Duration.ofMinutes(60)));
    assertThat(credentials.due()).isFalse();
    assertThat(credentials.current().accessKeyId()).isEqualTo("b");
  }

  @Test
  void aFailedTryIsRepeatedAfterAWhileAndNotAtOnce() {
    var credentials = new Credentials(clocks, until("a", Duration.ofMinutes(15)));
    clocks.pass(Duration.ofMinutes(10));
    assertThat(credentials.due()).isTrue();
    credentials.askAgainIn(Duration.ofSeconds(15));
    assertThat(credentials.due()).isFalse();
    clocks.pass(Duration.ofSeconds(15));
    assertThat(credentials.due()).isTrue();
  }

  @Test
  void onesThatTheStoreRefusesAreRenewedBeforeTheirTimeButNotInAStorm() {
    var credentials = new Credentials(clocks, until("a", Duration.ofMinutes(60)));
    credentials.refused(credentials.current());
    assertThat(credentials.due()).as("they are new").isFalse();
    clocks.pass(Duration.ofMinutes(1));
    credentials.refused(until("of before", Duration.ofMinutes(60)));
    assertThat(credentials.due()).as("others were refused").isFalse();
    credentials.refused(credentials.current());
    assertThat(credentials.due()).isTrue();
    credentials.askAgainIn(Duration.ofSeconds(15));
    credentials.refused(credentials.current());
    assertThat(credentials.due()).as("asked just now").isFalse();
  }

  @Test
  void aHostsClockThatIsOffMakesThemNeitherTooLateNorAskedForAtEachBeat() {
    for (Duration off : List.of(Duration.ofHours(5), Duration.ofHours(-5))) {
      var credentials = new Credentials(clocks, until("a", Duration.ofMinutes(60).plus(off)));
      clocks.pass(Duration.ofMinutes(9));
      assertThat(credentials.due()).isFalse();
      clocks.pass(Duration.ofMinutes(31));
      assertThat(credentials.due()).isTrue();
    }
  }

  @Test
  void anExpiryThatCannotBeReadOrIsPastIsNoEndlessAsking() {
    for (String at : new String[] {"soon", null, "2001-01-01T00:00:00Z"}) {
      var credentials = new Credentials(clocks, expiring("a", at));
      assertThat(credentials.due()).isFalse();
      clocks.pass(Duration.ofMinutes(11));
      assertThat(credentials.due()).isTrue();
    }
  }
}
