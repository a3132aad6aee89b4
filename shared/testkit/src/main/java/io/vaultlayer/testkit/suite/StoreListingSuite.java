package io.vaultlayer.testkit.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Write;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Listings: query, the due index and scan. */
public abstract class StoreListingSuite extends StoreSuite {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  /** The index and scans may lag; nowhere by more than this. */
  private static final Duration LAG = Duration.ofSeconds(10);

  @Test
  void aQueryReadsOnePartitionInOrderOfTheSortKey() {
    for (var sort : List.of("b", "a", "c", "B", "a1", "ä", "10", "9")) {
      put(new Key("p", sort), Expect.absent(), "v", sort);
    }
    put(new Key("p2", "a"), Expect.absent(), "v", "other");
    assertThat(sorts("p", "", false, 100))
        .containsExactly("10", "9", "B", "a", "a1", "b", "c", "ä");
    assertThat(sorts("p", "", true, 100)).containsExactly("ä", "c", "b", "a1", "a", "B", "9", "10");
    assertThat(sorts("nobody", "", false, 100)).isEmpty();
  }

  @Test
  void aQueryByPrefixTakesThePrefixLiterally() {
    for (var sort : List.of("attempt#1", "attempt#2", "attempts", "at%", "atx", "a_b", "aXb")) {
      put(new Key("p", sort), Expect.absent(), "v", sort);
    }
    assertThat(sorts("p", "attempt#", false, 100)).containsExactly("attempt#1", "attempt#2");
    assertThat(sorts("p", "at%", false, 100)).containsExactly("at%");
    assertThat(sorts("p", "a_", false, 100)).containsExactly("a_b");
    assertThat(sorts("p", "attempt", true, 100))
        .containsExactly("attempts", "attempt#2", "attempt#1");
  }

  @Test
  void aQueryIsReadPageByPageInBothDirections() {
    for (int i = 0; i < 7; i++) {
      put(new Key("p", "s" + i), Expect.absent(), "v", "x");
    }
    var first = store.query(table, "p", "", false, 3, Optional.empty());
    assertThat(first.items()).hasSize(3);
    assertThat(first.next()).isPresent();
    assertThat(sorts("p", "", false, 3)).containsExactly("s0", "s1", "s2", "s3", "s4", "s5", "s6");
    assertThat(sorts("p", "", true, 2)).containsExactly("s6", "s5", "s4", "s3", "s2", "s1", "s0");
    assertThat(sorts("p", "s", false, 1)).hasSize(7);
  }

  @Test
  void rowsWrittenBehindThePageAreNotRepeated() {
    for (int i = 0; i < 6; i += 2) {
      put(new Key("p", "s" + i), Expect.absent(), "v", "x");
    }
    var first = store.query(table, "p", "", false, 2, Optional.empty());
    put(new Key("p", "s1"), Expect.absent(), "v", "x");
    put(new Key("p", "s3"), Expect.absent(), "v", "x");
    var rest = readAll(from -> store.query(table, "p", "", false, 2, from.or(first::next)));
    assertThat(rest.stream().map(item -> item.key().sort())).containsExactly("s3", "s4");
  }

  @Test
  void theDueIndexHoldsOnlyRowsThatOweWorkAndEarliestFirst() {
    putDue("late", "work", NOON.plusSeconds(60));
    putDue("early", "work", NOON.minusMillis(1));
    putDue("now", "work", NOON);
    putDue("other", "elsewhere", NOON.minusSeconds(1));
    put(Key.of("idle"), Expect.absent(), "v", "x");
    await()
        .atMost(LAG)
        .untilAsserted(() -> {
          assertThat(due("work", NOON, 100)).containsExactly("early", "now");
          assertThat(due("work", NOON.plusSeconds(60), 100))
              .containsExactly("early", "now", "late");
          assertThat(due("work", NOON.minusMillis(2), 100)).isEmpty();
          assertThat(due("elsewhere", NOON, 100)).containsExactly("other");
        });
  }

  @Test
  void timesSortAsTimesWhateverTheirDigits() {
    var times =
        List.of(
            "1970-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5Z",
            "2026-01-01T00:00:00.500Z",
            "2026-01-01T00:00:01Z",
            "2100-12-31T23:59:59.999Z");
    for (int i = times.size() - 1; i >= 0; i--) {
      putDue("r" + i, "work", Instant.parse(times.get(i)));
    }
    await()
        .atMost(LAG)
        .untilAsserted(() ->
            assertThat(due("work", Instant.parse("2200-01-01T00:00:00Z"), 2))
                .hasSize(6)
                .startsWith("r0", "r1")
                .endsWith("r4", "r5"));
  }

  @Test
  void aRowComesBackFromTheIndexWhole() {
    var attributes = Map.<String, Object>of("n", 5L, "list", List.of("x"));
    var due = Optional.of(new Due("work", Instant.parse("2026-01-01T12:00:00.123456789Z")));
    write(new Write.Put(table, A, Expect.absent(), attributes, due));
    var row = store.get(table, A).orElseThrow();
    assertThat(row.due()).contains(new Due("work", Instant.parse("2026-01-01T12:00:00.123Z")));
    await()
        .atMost(LAG)
        .untilAsserted(() ->
            assertThat(store.due(table, "work", NOON.plusSeconds(1), 10, Optional.empty()))
                .satisfies(page -> assertThat(page.items()).containsExactly(row)));
  }

  @Test
  void aPutWithoutDueOrADeleteTakesTheRowOutOfTheIndex() {
    putDue("kept", "work", NOON);
    putDue("moved", "work", NOON);
    putDue("settled", "work", NOON);
    putDue("deleted", "work", NOON);
    write(put(Key.of("settled"), Expect.version(1), Map.of("v", "done")));
    write(new Write.Delete(table, Key.of("deleted"), Expect.version(1)));
    write(
        new Write.Put(
            table,
            Key.of("moved"),
            Expect.version(1),
            Map.of(),
            Optional.of(new Due("work", NOON.plusSeconds(9)))));
    await()
        .atMost(LAG)
        .untilAsserted(() -> assertThat(due("work", NOON, 100)).containsExactly("kept"));
    assertThat(store.get(table, Key.of("settled")).orElseThrow().due()).isEmpty();
  }

  @Test
  void theDueIndexIsReadPageByPageAlsoWhereTimesAreEqual() {
    for (int i = 0; i < 9; i++) {
      putDue("r" + i, "work", i < 3 ? NOON.minusSeconds(1) : NOON);
    }
    await()
        .atMost(LAG)
        .untilAsserted(() -> {
          var keys = due("work", NOON, 2);
          assertThat(keys).hasSize(9).doesNotHaveDuplicates();
          assertThat(keys.subList(0, 3)).containsExactlyInAnyOrder("r0", "r1", "r2");
        });
  }

  @Test
  void segmentsOfAScanPartitionTheTableExactly() {
    for (int i = 0; i < 40; i++) {
      put(new Key("p" + i, i % 2 == 0 ? Key.SINGLE : "s" + i), Expect.absent(), "v", "x");
    }
    for (int segments : new int[] {1, 3, 4}) {
      await()
          .atMost(LAG)
          .untilAsserted(() -> {
            var keys = new ArrayList<Key>();
            for (int i = 0; i < segments; i++) {
              int segment = i;
              readAll(from -> store.scan(table, segment, segments, 7, from))
                  .forEach(item -> keys.add(item.key()));
            }
            assertThat(keys).hasSize(40);
            assertThat(new HashSet<>(keys)).hasSize(40);
          });
    }
  }

  @Test
  void aScanOfAnEmptyTableIsEmpty() {
    var rows =
        IntStream.range(0, 2)
            .mapToObj(i -> readAll(from -> store.scan(table, i, 2, 10, from)))
            .flatMap(List::stream)
            .toList();
    assertThat(rows).isEmpty();
  }

  private void putDue(String name, String partition, Instant at) {
    var due = Optional.of(new Due(partition, at));
    write(new Write.Put(table, Key.of(name), Expect.absent(), Map.of(), due));
  }

  private List<String> sorts(String partition, String prefix, boolean descending, int limit) {
    return readAll(from -> store.query(table, partition, prefix, descending, limit, from)).stream()
        .map(item -> item.key().sort())
        .toList();
  }

  private List<String> due(String partition, Instant notAfter, int limit) {
    return readAll(from -> store.due(table, partition, notAfter, limit, from)).stream()
        .map(Item::key)
        .map(Key::partition)
        .toList();
  }
}
