package io.vaultlayer.testkit.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reading and writing rows. Indexes and listings are in {@link StoreListingSuite}. */
public abstract class StoreSuite {
  /** A key with every kind of character that callers could use. */
  private static final Key ODD = new Key("job_ä/€#\uD83D\uDE80", "Attempt 00000001%_'\"");

  protected static final Key A = Key.of("a");
  protected static final Key B = Key.of("b");

  protected Store store;
  protected String table;

  /** The store under test; asked for once before each test. */
  protected abstract Store store() throws Exception;

  /** Name of a table of that store, with the index {@code due}, that holds no rows. */
  protected abstract String emptyTable() throws Exception;

  @BeforeEach
  void openStore() throws Exception {
    store = store();
    table = emptyTable();
  }

  @Test
  void aRowThatWasNeverWrittenIsNotThere() {
    assertThat(store.get(table, A)).isEmpty();
  }

  @Test
  void aNewRowHasVersionOneAndComesBackAsItWasWritten() {
    assertThat(put(A, Expect.absent(), "v", "x")).isInstanceOf(WriteResult.Applied.class);
    var row = store.get(table, A).orElseThrow();
    assertThat(row.key()).isEqualTo(A);
    assertThat(row.version()).isEqualTo(1);
    assertThat(row.attributes()).isEqualTo(Map.of("v", "x"));
    assertThat(row.due()).isEmpty();
  }

  @Test
  void everyKindOfAttributeComesBackWithItsTypeAndValue() {
    Map<String, Object> all =
        Map.ofEntries(
            Map.entry("text", "plain"),
            Map.entry("empty", ""),
            Map.entry("unicode", "Grüße 世界 \uD83D\uDE80 \u0001 \n"),
            Map.entry("zero", 0L),
            Map.entry("large", (1L << 53) + 1),
            Map.entry("largest", Long.MAX_VALUE),
            Map.entry("least", Long.MIN_VALUE),
            Map.entry("real", 0.1),
            Map.entry("whole", 2.0),
            Map.entry("huge", 1.7e308),
            Map.entry("tiny", 4.9e-324),
            Map.entry("true", true),
            Map.entry("false", false),
            Map.entry("list", List.of("a", 1L, 1.5, false, List.of(), Map.of("k", 2L))),
            Map.entry("map", Map.of("x", Map.of("y", List.of(3L)), "of", "set", "$d", "1.0")),
            Map.entry("noList", List.of()),
            Map.entry("noMap", Map.of()),
            Map.entry("version", 77L),
            Map.entry("pk", "mine"),
            Map.entry("dueAt", "mine too"),
            Map.entry("expiresAt", 1_900_000_000L),
            Map.entry("name with space.and[0]", "v"));
    write(new Write.Put(table, A, Expect.absent(), all, Optional.empty()));
    var row = store.get(table, A).orElseThrow();
    assertThat(row.attributes()).isEqualTo(all);
    assertThat(row.version()).isEqualTo(1);
  }

  @Test
  void keysMayHoldAnyCharacter() {
    put(ODD, Expect.absent(), "v", "odd");
    assertThat(store.get(table, ODD).orElseThrow().key()).isEqualTo(ODD);
    assertThat(store.query(table, ODD.partition(), "Attempt", false, 10, Optional.empty()).items())
        .hasSize(1);
  }

  @Test
  void sortKeysTellRowsOfOnePartitionApart() {
    put(new Key("p", "1"), Expect.absent(), "v", "one");
    put(new Key("p", "2"), Expect.absent(), "v", "two");
    assertThat(value(new Key("p", "1"))).isEqualTo("one");
    assertThat(value(new Key("p", "2"))).isEqualTo("two");
    assertThat(store.get(table, new Key("p", "3"))).isEmpty();
  }

  @Test
  void aRowThatTakesAnothersPlaceGoesOnCounting() {
    put(A, Expect.absent(), "v", "here");
    put(A, Expect.version(1), "v", "still here");
    assertThat(store.write(moved(A, 2, B))).isInstanceOf(WriteResult.Applied.class);
    assertThat(store.get(table, A)).isEmpty();
    assertThat(store.get(table, B).orElseThrow().version()).isEqualTo(3);
    assertThat(store.write(moved(B, 3, A))).isInstanceOf(WriteResult.Applied.class);
    assertThat(store.get(table, A).orElseThrow().version()).isEqualTo(4);
    assertThat(refused(put(A, Expect.version(2), "v", "late")).index()).isZero();
    assertThat(refused(store.write(moved(B, 3, A))).index()).isZero();
    assertThat(value(A)).isEqualTo("moved");
  }

  private List<Write> moved(Key from, long version, Key to) {
    return List.of(
        put(to, Expect.absentAfter(version), Map.of("v", "moved")),
        new Write.Delete(table, from, Expect.version(version)));
  }

  @Test
  void aRowThatIsThereIsNotCreatedAgainAndTheAnswerShowsIt() {
    put(A, Expect.absent(), "v", "first");
    var refused = refused(put(A, Expect.absent(), "v", "second"));
    assertThat(refused.index()).isZero();
    assertThat(refused.current()).contains(store.get(table, A).orElseThrow());
    assertThat(value(A)).isEqualTo("first");
  }

  @Test
  void aPutOnTheRightVersionReplacesTheWholeRowAndAddsOne() {
    write(put(A, Expect.absent(), Map.of("old", 1L, "v", "x")));
    write(put(A, Expect.version(1), Map.of("v", "y")));
    var row = store.get(table, A).orElseThrow();
    assertThat(row.version()).isEqualTo(2);
    assertThat(row.attributes()).isEqualTo(Map.of("v", "y"));
  }

  @Test
  void aPutOnAnOlderOrNewerVersionIsRefusedWithTheRowAsItIs() {
    put(A, Expect.absent(), "v", "1");
    put(A, Expect.version(1), "v", "2");
    for (long wrong : new long[] {1, 3}) {
      var refused = refused(put(A, Expect.version(wrong), "v", "late"));
      assertThat(refused.current().map(Item::version)).contains(2L);
      assertThat(refused.current().map(Item::attributes)).contains(Map.of("v", "2"));
    }
    assertThat(value(A)).isEqualTo("2");
  }

  @Test
  void aPutOnAVersionOfAMissingRowIsRefusedWithNothing() {
    var refused = refused(put(A, Expect.version(1), "v", "x"));
    assertThat(refused.current()).isEmpty();
    assertThat(store.get(table, A)).isEmpty();
  }

  @Test
  void aPutOnAnythingAlwaysWritesAndCountsOn() {
    put(A, Expect.anything(), "v", "1");
    assertThat(store.get(table, A).orElseThrow().version()).isEqualTo(1);
    put(A, Expect.anything(), "v", "2");
    put(A, Expect.version(2), "v", "3");
    put(A, Expect.anything(), "v", "4");
    assertThat(store.get(table, A).orElseThrow().version()).isEqualTo(4);
    assertThat(value(A)).isEqualTo("4");
  }

  @Test
  void aDeleteObeysItsConditionToo() {
    put(A, Expect.absent(), "v", "x");
    assertThat(refused(delete(A, Expect.version(2))).current().map(Item::version)).contains(1L);
    assertThat(store.get(table, A)).isPresent();
    assertThat(delete(A, Expect.version(1))).isInstanceOf(WriteResult.Applied.class);
    assertThat(store.get(table, A)).isEmpty();
    assertThat(refused(delete(A, Expect.version(1))).current()).isEmpty();
    assertThat(delete(A, Expect.anything())).isInstanceOf(WriteResult.Applied.class);
  }

  @Test
  void aRowCreatedAfterADeleteStartsAtVersionOneAgain() {
    put(A, Expect.absent(), "v", "x");
    put(A, Expect.version(1), "v", "y");
    delete(A, Expect.anything());
    put(A, Expect.absent(), "v", "z");
    assertThat(store.get(table, A).orElseThrow().version()).isEqualTo(1);
  }

  @Test
  void aTransactionWritesAllItsRows() {
    put(A, Expect.absent(), "v", "1");
    put(new Key("gone", "1"), Expect.absent(), "v", "x");
    write(
        put(A, Expect.version(1), Map.of("v", "2")),
        put(B, Expect.absent(), Map.of("v", "new")),
        put(new Key("c", "any"), Expect.anything(), Map.of("v", "any")),
        new Write.Delete(table, new Key("gone", "1"), Expect.version(1)));
    assertThat(value(A)).isEqualTo("2");
    assertThat(store.get(table, A).orElseThrow().version()).isEqualTo(2);
    assertThat(value(B)).isEqualTo("new");
    assertThat(value(new Key("c", "any"))).isEqualTo("any");
    assertThat(store.get(table, new Key("gone", "1"))).isEmpty();
  }

  @Test
  void aTransactionWithOneFailedConditionWritesNothingAndNamesTheFirstFailure() {
    put(A, Expect.absent(), "v", "a");
    put(B, Expect.absent(), "v", "b");
    var refused =
        refused(
            store.write(
                List.of(
                    put(Key.of("new"), Expect.absent(), Map.of("v", "n")),
                    put(Key.of("any"), Expect.anything(), Map.of("v", "n")),
                    put(B, Expect.absent(), Map.of("v", "late")),
                    put(A, Expect.version(9), Map.of("v", "late")))));
    assertThat(refused.index()).isEqualTo(2);
    assertThat(refused.current()).contains(store.get(table, B).orElseThrow());
    assertThat(store.get(table, Key.of("new"))).isEmpty();
    assertThat(store.get(table, Key.of("any"))).isEmpty();
    assertThat(value(A)).isEqualTo("a");
    assertThat(value(B)).isEqualTo("b");
  }

  @Test
  void aTransactionRefusedByAMissingRowShowsNoRow() {
    var refused =
        refused(
            store.write(
                List.of(
                    put(A, Expect.absent(), Map.of("v", "a")),
                    new Write.Delete(table, B, Expect.version(1)))));
    assertThat(refused.index()).isEqualTo(1);
    assertThat(refused.current()).isEmpty();
    assertThat(store.get(table, A)).isEmpty();
  }

  @Test
  void twentyFiveRowsAreWrittenAtOnceAndNotOneMore() {
    assertThat(store.write(absentRows(Store.MOST_WRITES))).isInstanceOf(WriteResult.Applied.class);
    assertThat(store.get(table, Key.of("row24"))).isPresent();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.write(absentRows(Store.MOST_WRITES + 1)));
    assertThatIllegalArgumentException().isThrownBy(() -> store.write(List.of()));
  }

  @Test
  void oneKeyIsWrittenAtMostOnceAtATime() {
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            store.write(
                List.of(
                    put(A, Expect.anything(), Map.of("v", "1")),
                    new Write.Delete(table, A, Expect.anything()))));
    assertThat(store.get(table, A)).isEmpty();
  }

  @Test
  void limitsOfAPageAreHeld() {
    for (int wrong : new int[] {0, -1, Store.MOST_ROWS + 1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> store.query(table, "p", "", false, wrong, Optional.empty()));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> store.scan(table, 0, 1, wrong, Optional.empty()));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.scan(table, 2, 2, 10, Optional.empty()));
  }

  @Test
  void ofManyWritersOnOneVersionExactlyOneWins() throws Exception {
    put(A, Expect.absent(), "v", "start");
    for (long round = 1; round <= 5; round++) {
      long version = round;
      var results = together(8, i -> put(A, Expect.version(version), "v", "w" + i));
      assertThat(results.stream().filter(WriteResult.Applied.class::isInstance)).hasSize(1);
      assertThat(store.get(table, A).orElseThrow().version()).isEqualTo(version + 1);
    }
  }

  @Test
  void ofManyTransactionsOnSharedRowsExactlyOneWins() throws Exception {
    put(A, Expect.absent(), "v", "start");
    put(B, Expect.absent(), "v", "start");
    var results =
        together(
            6,
            i -> {
              var first = put(A, Expect.version(1), Map.of("v", "w" + i));
              var second = put(B, Expect.version(1), Map.of("v", "w" + i));
              // Opposite orders: whoever locks rows one by one would deadlock here.
              return store.write(i % 2 == 0 ? List.of(first, second) : List.of(second, first));
            });
    assertThat(results.stream().filter(WriteResult.Applied.class::isInstance)).hasSize(1);
    assertThat(value(A)).isEqualTo(value(B));
  }

  @Test
  void countersUnderContentionLoseNothing() throws Exception {
    put(A, Expect.absent(), "v", "0");
    together(
        4,
        i -> {
          for (int done = 0; done < 5; ) {
            var row = store.get(table, A).orElseThrow();
            long next = Long.parseLong((String) row.attributes().get("v")) + 1;
            if (put(A, Expect.version(row.version()), "v", Long.toString(next))
                instanceof WriteResult.Applied) {
              done++;
            }
          }
          return null;
        });
    assertThat(value(A)).isEqualTo("20");
  }

  /** Reads a listing to its end. */
  protected static List<Item> readAll(Function<Optional<String>, Page> read) {
    var items = new ArrayList<Item>();
    Optional<String> from = Optional.empty();
    for (int pages = 0; pages < 1000; pages++) {
      var page = read.apply(from);
      items.addAll(page.items());
      from = page.next();
      if (from.isEmpty()) {
        return items;
      }
    }
    throw new AssertionError("a listing that never ends");
  }

  protected final WriteResult put(Key key, Expect expect, String name, String value) {
    return store.write(List.of(put(key, expect, Map.of(name, value))));
  }

  protected final Write.Put put(Key key, Expect expect, Map<String, Object> attributes) {
    return new Write.Put(table, key, expect, attributes, Optional.empty());
  }

  protected final void write(Write... writes) {
    assertThat(store.write(List.of(writes))).isInstanceOf(WriteResult.Applied.class);
  }

  private WriteResult delete(Key key, Expect expect) {
    return store.write(List.of(new Write.Delete(table, key, expect)));
  }

  private Object value(Key key) {
    return store.get(table, key).orElseThrow().attributes().get("v");
  }

  private List<Write> absentRows(int count) {
    return IntStream.range(0, count)
        .<Write>mapToObj(i -> put(Key.of("row" + i), Expect.absent(), Map.of("i", (long) i)))
        .toList();
  }

  private static WriteResult.Refused refused(WriteResult result) {
    assertThat(result).isInstanceOf(WriteResult.Refused.class);
    return (WriteResult.Refused) result;
  }

  private static <T> List<T> together(int writers, Function<Integer, T> work) throws Exception {
    try (var threads = Executors.newFixedThreadPool(writers)) {
      var tasks =
          IntStream.range(0, writers).<Callable<T>>mapToObj(i -> () -> work.apply(i)).toList();
      var results = new ArrayList<T>();
      for (var future : threads.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    }
  }
}
