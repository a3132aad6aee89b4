package io.vaultlayer.functions.state;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.functions.Platform;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The instance items: one row per launch, by label. */
public final class Instances {
  /** Partition of the sparse index in which due instances stand. */
  public static final String DUE = "instances";

  private final Store store;
  private final String table;

  public Instances(Platform platform) {
    this.store = platform.store();
    this.table = platform.variable("INSTANCES_TABLE");
  }

  public Optional<JobRecords.Versioned<InstanceRow>> load(String label) {
    return store
        .get(table, Key.of(label))
        .map(
            i -> new JobRecords.Versioned<>(i.version(), InstanceRow.parse(label, i.attributes())));
  }

  public Write creation(InstanceRow row) {
    return put(row, Expect.absent());
  }

  /**
   * Moves a row if it has not moved meanwhile, together with other rows; false when somebody was
   * faster.
   */
  public boolean move(JobRecords.Versioned<InstanceRow> old, InstanceRow next, List<Write> beside) {
    var writes = new ArrayList<Write>();
    writes.add(put(next, Expect.version(old.version())));
    writes.addAll(beside);
    return store.write(writes) instanceof WriteResult.Applied;
  }

  /** Makes a row that is not there, together with other rows; false when somebody was faster. */
  public boolean create(InstanceRow row, List<Write> beside) {
    var writes = new ArrayList<Write>();
    writes.add(creation(row));
    writes.addAll(beside);
    return store.write(writes) instanceof WriteResult.Applied;
  }

  /** One page of the instances that owe work by now, earliest first; eventually consistent. */
  public Page due(Instant now, int limit, Optional<String> from) {
    return store.due(table, DUE, now, limit, from);
  }

  public Page scan(int limit, Optional<String> from) {
    return store.scan(table, 0, 1, limit, from);
  }

  public static InstanceRow parse(io.vaultlayer.core.port.Item item) {
    return InstanceRow.parse(item.key().partition(), item.attributes());
  }

  private Write put(InstanceRow row, Expect expect) {
    return new Write.Put(
        table,
        Key.of(row.label()),
        expect,
        row.attributes(),
        row.dueAt().map(at -> new Due(DUE, at)));
  }
}
