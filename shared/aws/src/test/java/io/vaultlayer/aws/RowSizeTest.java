package io.vaultlayer.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.Counters;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Run;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.wire.BucketLayout;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RowSizeTest {
  /** DynamoDB takes one write unit for each begun 1,024 bytes. */
  private static final int ONE_WRITE_UNIT = 1024;

  private static final JobId JOB = JobId.make(1_763_632_800_000L, new byte[10]);
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:40.123Z");

  @Test
  void aRowIsAsLongAsItsNamesAndValues() {
    // pk 2+3, sk 2+1, version 7+2, a 1+3 around what is in it
    int around = 5 + 3 + 9 + 4;
    assertThat(bytes(Map.of())).isEqualTo(around);
    assertThat(bytes(Map.of("name", "grün"))).isEqualTo(around + 1 + 4 + 5);
    assertThat(bytes(Map.of("n", 1_763_632_800_123L))).isEqualTo(around + 1 + 1 + 8);
    assertThat(bytes(Map.of("n", -12L))).isEqualTo(around + 1 + 1 + 3);
    assertThat(bytes(Map.of("n", 0L))).isEqualTo(around + 1 + 1 + 1);
    assertThat(bytes(Map.of("x", 0.25))).isEqualTo(around + 1 + 1 + 3 + 1 + 4);
    assertThat(bytes(Map.of("b", true))).isEqualTo(around + 1 + 1 + 1);
    assertThat(bytes(Map.of("l", List.of("a", "bc")))).isEqualTo(around + 1 + 1 + 3 + 2 + 3);
    assertThat(bytes(Map.of("m", Map.of("a", "bc")))).isEqualTo(around + 1 + 1 + 3 + 1 + 1 + 2);
  }

  @Test
  void whatIsOwedAndWhatExpiresStandsBesideTheRow() {
    var due = Optional.of(new Due("work", NOW));
    assertThat(RowSize.bytes(new Key("abc", "-"), 1, Map.of(), due))
        .isEqualTo(bytes(Map.of()) + 12 + 4 + 5 + 24);
    assertThat(bytes(Map.of("expiresAt", 1_763_632_801L)))
        .isEqualTo(bytes(Map.of()) + 1 + 2 * (9 + 6));
  }

  @Test
  void aRunningLeaseCostsOneWriteUnitWithEachBeat() {
    var lease = running(Optional.of(0.412345678901234), Optional.of(2.345678901234567));
    assertThat(RowSize.bytes(stored(lease))).isLessThan(710);
  }

  @Test
  void withAllTheEarlierCommitsThatItKeepsItStillCostsOne() {
    var draft =
        running(Optional.of(0.412345678901234), Optional.of(2.345678901234567)).draftAt(9_999_999);
    for (int i = 0; i < Lease.MOST_EARLIER; i++) {
      draft.earlier.addLast(pointer(3_000 - i));
    }
    draft.counters = new Counters(999, 2, 3, 14);
    draft.graceEnd = Optional.of(NOW);
    assertThat(RowSize.bytes(stored(draft.build()))).isLessThan(ONE_WRITE_UNIT);
  }

  @Test
  void soItDoesWithTheFiguresOfEightGpus() {
    var figures = "FA" + "S-gFA".repeat(8);
    var draft =
        running(Optional.of(0.412345678901234), Optional.of(2.345678901234567)).draftAt(9_999_999);
    var run = draft.build().run().edit();
    run.gpus = Optional.of(figures);
    draft.run = run.build();
    int bytes = RowSize.bytes(stored(draft.build()));
    assertThat(bytes).isLessThan(780);
    for (int i = 0; i < Lease.MOST_EARLIER; i++) {
      draft.earlier.addLast(pointer(3_000 - i));
    }
    assertThat(RowSize.bytes(stored(draft.build()))).isLessThan(ONE_WRITE_UNIT);
  }

  @Test
  void theKeysThatTheLeaseLeavesOutAreThoseOfTheBucket() {
    assertThat(LeaseCodec.attributes(running(Optional.empty(), Optional.empty())).get("p"))
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
        .doesNotContainKey("k");
  }

  private static int bytes(Map<String, Object> attributes) {
    return RowSize.bytes(new Key("abc", "-"), 12, attributes, Optional.empty());
  }

  private static Item stored(Lease lease) {
    return new Item(
        LeaseCodec.key(lease.job()),
        lease.sequence(),
        LeaseCodec.attributes(lease),
        LeaseCodec.due(lease));
  }

  /** As real ones are: names of a remote provider, digits as a program prints them. */
  private static Lease running(Optional<Double> loss, Optional<Double> rate) {
    var run = Run.begin(NOW).edit();
    run.owedSince = NOW.minusMillis(70_321);
    run.programStarted = true;
    run.beat = 4_321;
    run.phase = "running";
    run.step = Optional.of(123_456L);
    run.stepAt = Optional.of(NOW);
    run.firstStep = Optional.of(120_001L);
    run.loss = loss;
    run.stepsPerSecond = rate;
    run.lastBeatAt = Optional.of(NOW);
    run.resumedFrom = Optional.of(120_000L);
    run.committed = true;
    var launch =
        new LaunchRecord(
            3,
            1,
            "vl-default-" + JOB + "-e3-1",
            "runpod",
            "EU-RO-1",
            "A100_80GB",
            true,
            "spot",
            1.1899999,
            10,
            40,
            TokenHash.of("bootstrap"),
            NOW,
            NOW.plusMillis(600_000),
            Optional.of(NOW.plusMillis(1_234_567)),
            Optional.of("q5xk2v8w1m0a9z"),
            Optional.of("s194hqfjs8"));
    return new Lease(
        JOB,
        12_345,
        3,
        JobState.RUNNING,
        true,
        new Policy(true, 0, Optional.empty()),
        Optional.empty(),
        Optional.of(NOW.plusSeconds(40)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(launch),
        2,
        Optional.of(1),
        Optional.of(TokenHash.of("token")),
        Optional.of(pointer(123_400)),
        List.of(pointer(123_300), pointer(123_200)),
        run.build(),
        new Counters(2, 0, 0, 0),
        Optional.of("e2:0123456789abcdef"),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  private static Pointer pointer(long step) {
    return new Pointer(
        step,
        2,
        BucketLayout.checkpointManifest(JOB.value(), 2, step),
        TokenHash.ofBytes(Long.toString(step).getBytes(java.nio.charset.StandardCharsets.UTF_8)),
        15_234_567_891L + step,
        17,
        NOW.minusSeconds(200_000 - step));
  }
}
