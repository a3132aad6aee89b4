package io.vaultlayer.bench.plane;

import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A store whose every call takes time; reads see what is there when their answer is made. */
final class SlowStore implements Store {
  private final Store real;
  private final Runnable wait;

  SlowStore(Store real, Runnable wait) {
    this.real = real;
    this.wait = wait;
  }

  @Override
  public Optional<Item> get(String table, Key key) {
    wait.run();
    return real.get(table, key);
  }

  @Override
  public WriteResult write(List<Write> writes) {
    wait.run();
    return real.write(writes);
  }

  @Override
  public Page query(
      String table,
      String partition,
      String sortPrefix,
      boolean descending,
      int limit,
      Optional<String> from) {
    wait.run();
    return real.query(table, partition, sortPrefix, descending, limit, from);
  }

  @Override
  public Page due(
      String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
    wait.run();
    return real.due(table, duePartition, notAfter, limit, from);
  }

  @Override
  public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
    wait.run();
    return real.scan(table, segment, segments, limit, from);
  }
}
