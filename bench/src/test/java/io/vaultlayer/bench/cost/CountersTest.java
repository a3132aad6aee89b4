package io.vaultlayer.bench.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.testkit.fake.ManualClock;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.testkit.fake.MemoryStore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Known calls have known costs. */
class CountersTest {
  private static final Key A = Key.of("a");
  private static final Key B = Key.of("b");

  private final Meter meter = new Meter();
  private final CountingStore store = new CountingStore(new MemoryStore(), meter);

  @Test
  void aWriteCostsAUnitForEachBegunKibibyteOfTheLargerRow() {
    assertThat(writeUnits(put(A, Expect.absent(), 10))).isEqualTo(1);
    assertThat(writeUnits(put(A, Expect.version(1), 1500))).isEqualTo(2);
    assertThat(writeUnits(put(A, Expect.version(2), 10))).isEqualTo(2);
    assertThat(writeUnits(put(A, Expect.version(3), 10))).isEqualTo(1);
    assertThat(writeUnits(new Write.Delete("t", A, Expect.version(4)))).isEqualTo(1);
  }

  @Test
  void aRefusedWriteCostsTheSame() {
    assertThat(writeUnits(put(A, Expect.version(7), 10))).isEqualTo(1);
  }

  @Test
  void aTransactionCostsTwice() {
    assertThat(writeUnits(put(A, Expect.absent(), 10), put(B, Expect.absent(), 1500)))
        .isEqualTo(2 * (1 + 2));
  }

  @Test
  void whoExpectsAnythingPaysTwiceWhereARowIsThere() {
    assertThat(writeUnits(put(A, Expect.anything(), 10))).isEqualTo(1);
    assertThat(writeUnits(put(A, Expect.anything(), 10))).isEqualTo(2);
  }

  @Test
  void theIndexOfDueRowsCostsOneWriteForAChangeAndTwoForAnotherTime() {
    assertThat(writeUnits(due(A, Expect.absent(), 1))).isEqualTo(1 + 1);
    assertThat(writeUnits(due(A, Expect.version(1), 1))).isEqualTo(1 + 1);
    assertThat(writeUnits(due(A, Expect.version(2), 2))).isEqualTo(1 + 2);
    assertThat(writeUnits(put(A, Expect.version(3), 10))).isEqualTo(1 + 1);
    assertThat(writeUnits(put(A, Expect.version(4), 10))).isEqualTo(1);
  }

  @Test
  void aReadCostsAUnitForEachBegunFourKibibytesAndAScanHalf() {
    store.write(List.of(put(A, Expect.absent(), 5000)));
    store.write(List.of(put(B, Expect.absent(), 10)));
    assertThat(readUnits(() -> store.get("t", A))).isEqualTo(2);
    assertThat(readUnits(() -> store.get("t", B))).isEqualTo(1);
    assertThat(readUnits(() -> store.get("t", Key.of("none")))).isEqualTo(1);
    assertThat(readUnits(() -> store.scan("t", 0, 1, 10, Optional.empty()))).isEqualTo(1);
    assertThat(readUnits(() -> store.scan("none", 0, 1, 10, Optional.empty()))).isEqualTo(0.5);
    assertThat(readUnits(() -> store.query("t", "b", "", false, 10, Optional.empty())))
        .isEqualTo(1);
    assertThat(readUnits(() -> store.due("t", "work", Instant.MAX, 10, Optional.empty())))
        .isEqualTo(0.5);
  }

  @Test
  void anInvocationIsBilledForWhatItWaits() {
    meter.invocation(
        512,
        () -> {
          store.get("t", A);
          store.write(List.of(put(A, Expect.absent(), 10)));
          return null;
        });
    var millis = Meter.OWN_MILLIS + Meter.READ_MILLIS + Meter.WRITE_MILLIS;
    assertThat(meter.bill().of(Line.INVOCATIONS)).isEqualTo(1);
    assertThat(meter.bill().of(Line.COMPUTE_GB_SECONDS)).isEqualTo(millis / 1000 / 2);
  }

  @Test
  void aBucketsRequestsAreOfTwoClasses() {
    var bucket = new CountingBucket(new MemoryBucket(new ManualClock()), meter);
    bucket.head("k");
    bucket.read("k", 10);
    bucket.list("k", Optional.empty(), 10);
    bucket.putIfAbsent("k", new byte[1]);
    assertThat(meter.bill().of(Line.BUCKET_READS)).isEqualTo(2);
    assertThat(meter.bill().of(Line.BUCKET_WRITES)).isEqualTo(2);
  }

  @Test
  void aKnownMonthHasAKnownPrice() {
    var month =
        new Bill(
            Map.of(
                Line.API_REQUESTS, 400e6,
                Line.WRITE_UNITS, 2e6,
                Line.READ_UNITS, 8e6,
                Line.QUEUE_REQUESTS, 5e6,
                Line.STORED_GB_MONTHS, 4.0));
    assertThat(Prices.table().month(month))
        .isCloseTo(300 + 0.9 * 100 + 1.25 + 1 + 2 + 1, within(1e-6));
  }

  @Test
  void aBeatIsOneRequestOneReadAndOneWrite() {
    var plane = new CostPlane();
    plane.submit();
    var attempt = new Attempt(plane, plane.fleet.takeCreated().values().iterator().next());
    attempt.register();
    attempt.beat();
    attempt.commit();
    attempt.beat();
    var beat = plane.meter.of(attempt::beat);
    assertThat(beat.of(Line.API_REQUESTS)).isEqualTo(1);
    assertThat(beat.of(Line.INVOCATIONS)).isEqualTo(1);
    assertThat(beat.of(Line.READ_UNITS)).isEqualTo(1);
    assertThat(beat.of(Line.WRITE_UNITS)).isEqualTo(1);
    assertThat(beat.of(Line.QUEUE_REQUESTS)).isZero();
    assertThat(beat.of(Line.LOG_BYTES)).isZero();
  }

  private double writeUnits(Write... writes) {
    return meter.of(() -> store.write(List.of(writes))).of(Line.WRITE_UNITS);
  }

  private double readUnits(Runnable work) {
    return meter.of(work).of(Line.READ_UNITS);
  }

  private static Write put(Key key, Expect expect, int bytes) {
    return new Write.Put("t", key, expect, Map.of("v", "x".repeat(bytes)), Optional.empty());
  }

  private static Write due(Key key, Expect expect, long second) {
    return new Write.Put(
        "t",
        key,
        expect,
        Map.of("v", "x"),
        Optional.of(new Due("work", Instant.ofEpochSecond(second))));
  }
}
