package io.vaultlayer.bench.cost;

import io.vaultlayer.aws.RowSize;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Counts request units as DynamoDB does, of the calls that {@code DynamoStore} makes of each write:
 *
 * <ul>
 *   <li>a read: a unit for each begun 4 KiB, strongly consistent; half where it is not; half a unit
 *       at least
 *   <li>a write: a unit for each begun KiB of the row before or after, whichever is larger; twice
 *       that in a transaction; as much when a condition refuses it
 *   <li>the index of due rows: one write when a row in it changes, comes or goes; two when its time
 *       moves
 *   <li>a write that expects anything is first sent as new, and again when a row is there
 * </ul>
 */
final class CountingStore implements Store {
  private static final int WRITE_UNIT = 1024;
  private static final int READ_UNIT = 4096;

  private final Store inner;
  private final Meter meter;
  private boolean resting;

  CountingStore(Store inner, Meter meter) {
    this.inner = inner;
    this.meter = meter;
  }

  /** Without the work of counting, which is more than that of the store. */
  void rest(boolean rests) {
    resting = rests;
  }

  @Override
  public Optional<Item> get(String table, Key key) {
    var found = inner.get(table, key);
    if (resting) {
      return found;
    }
    meter.use(Line.READ_UNITS, units(found.map(RowSize::bytes).orElse(0), READ_UNIT));
    meter.takes(Meter.READ_MILLIS);
    return found;
  }

  @Override
  public WriteResult write(List<Write> writes) {
    if (resting) {
      return inner.write(writes);
    }
    var before = writes.stream().map(w -> inner.get(w.table(), w.key())).toList();
    var result = inner.write(writes);
    int tries = 1;
    for (int i = 0; i < writes.size(); i++) {
      if (writes.get(i) instanceof Write.Put put
          && put.expect() instanceof Expect.Anything
          && before.get(i).isPresent()) {
        tries = 2;
      }
    }
    for (int i = 0; i < writes.size(); i++) {
      count(writes.get(i), before.get(i), writes.size() > 1, tries);
      if (result instanceof WriteResult.Applied) {
        index(before.get(i), after(writes.get(i), before.get(i)));
      }
    }
    meter.takes(tries * (writes.size() > 1 ? Meter.TRANSACTION_MILLIS : Meter.WRITE_MILLIS));
    return result;
  }

  private void count(Write write, Optional<Item> before, boolean transaction, int tries) {
    int bytes =
        Math.max(
            before.map(RowSize::bytes).orElse(0),
            after(write, before).map(RowSize::bytes).orElse(0));
    meter.use(Line.WRITE_UNITS, tries * (transaction ? 2 : 1) * units(bytes, WRITE_UNIT));
  }

  private void index(Optional<Item> before, Optional<Item> after) {
    var was = before.filter(i -> i.due().isPresent());
    var is = after.filter(i -> i.due().isPresent());
    double units = 0;
    if (was.isPresent() && is.isPresent() && was.get().due().equals(is.get().due())) {
      units = units(Math.max(RowSize.bytes(was.get()), RowSize.bytes(is.get())), WRITE_UNIT);
    } else {
      units += was.map(i -> units(RowSize.bytes(i), WRITE_UNIT)).orElse(0.0);
      units += is.map(i -> units(RowSize.bytes(i), WRITE_UNIT)).orElse(0.0);
    }
    meter.use(Line.WRITE_UNITS, units);
  }

  private static Optional<Item> after(Write write, Optional<Item> before) {
    return write instanceof Write.Put put
        ? Optional.of(
            new Item(
                put.key(), Write.versionAfter(put.expect(), before), put.attributes(), put.due()))
        : Optional.empty();
  }

  @Override
  public Page query(
      String table,
      String partition,
      String sortPrefix,
      boolean descending,
      int limit,
      Optional<String> from) {
    return counted(inner.query(table, partition, sortPrefix, descending, limit, from), 1);
  }

  @Override
  public Page due(
      String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
    return counted(inner.due(table, duePartition, notAfter, limit, from), 0.5);
  }

  @Override
  public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
    return counted(inner.scan(table, segment, segments, limit, from), 0.5);
  }

  private Page counted(Page page, double perUnit) {
    if (resting) {
      return page;
    }
    int bytes = page.items().stream().mapToInt(RowSize::bytes).sum();
    meter.use(Line.READ_UNITS, perUnit * units(bytes, READ_UNIT));
    meter.takes(Meter.PAGE_MILLIS + Meter.ROW_MILLIS * page.items().size());
    return page;
  }

  private static double units(int bytes, int unit) {
    return Math.max(1, (bytes + unit - 1) / unit);
  }
}
