package io.vaultlayer.bench.sim;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.testkit.fake.MemoryStore;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The ports as the handlers see them: in memory, and at each call something may go wrong. */
final class Ports {
  private Ports() {}

  /** Rows in memory; every write that was applied is shown to the checkers. */
  static final class SimStore implements Store {
    private static final long MOST_LAG = 4_000;

    private record Old(long until, Optional<Item> item) {}

    private final World world;
    private final MemoryStore rows;

    /** What a row was before its last write, for reads that are eventually consistent. */
    private final Map<String, Map<Key, Old>> before = new HashMap<>();

    SimStore(World world, MemoryStore rows) {
      this.world = world;
      this.rows = rows;
    }

    private <T> T reading(String call, Supplier<T> read) {
      return world.called(
          "store." + call,
          () -> {
            fail();
            return read.get();
          });
    }

    private void fail() {
      if (world.faults.strikes(FaultKind.STORE_UNAVAILABLE)) {
        throw new StoreUnavailable("the store gave no answer", null);
      }
      if (world.faults.strikes(FaultKind.STORE_THROTTLED)) {
        throw new StoreUnavailable("the store throttles", null);
      }
    }

    @Override
    public Optional<Item> get(String table, Key key) {
      return reading("get", () -> rows.get(table, key));
    }

    @Override
    public WriteResult write(List<Write> writes) {
      return world.called(
          "store.write",
          () -> {
            fail();
            var olds = new ArrayList<Optional<Item>>(writes.size());
            for (var write : writes) {
              olds.add(rows.get(write.table(), write.key()));
            }
            var result = rows.write(writes);
            if (result instanceof WriteResult.Applied) {
              long now = world.engine.now();
              for (int i = 0; i < writes.size(); i++) {
                before
                    .computeIfAbsent(writes.get(i).table(), t -> new HashMap<>())
                    .put(writes.get(i).key(), new Old(now, olds.get(i)));
              }
              world.checks.written(writes, olds);
            }
            if (world.faults.strikes(FaultKind.STORE_ANSWER_LOST)) {
              throw new StoreUnavailable("the answer was lost", null);
            }
            return result;
          });
    }

    @Override
    public Page query(
        String table,
        String partition,
        String sortPrefix,
        boolean descending,
        int limit,
        Optional<String> from) {
      return reading(
          "query", () -> rows.query(table, partition, sortPrefix, descending, limit, from));
    }

    @Override
    public Page due(
        String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
      return reading(
          "due",
          () ->
              stale(
                  table,
                  rows.due(table, duePartition, notAfter, limit, from),
                  item ->
                      item.due()
                          .filter(d -> d.partition().equals(duePartition))
                          .filter(d -> !d.at().isAfter(notAfter))
                          .isPresent()));
    }

    @Override
    public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
      return reading(
          "scan",
          () -> {
            if (table.equals("leases")) {
              world.plane.current.ifPresent(i -> i.scannedAt = world.checks.index());
            }
            return stale(
                table,
                rows.scan(table, segment, segments, limit, from),
                item -> Math.floorMod(item.key().partition().hashCode(), segments) == segment);
          });
    }

    /**
     * Rows written a moment ago are seen as they were before, while such a fault's window is open.
     */
    private Page stale(String table, Page page, java.util.function.Predicate<Item> wanted) {
      if (!world.faults.open(FaultKind.STORE_STALE, -1, 1)) {
        return page;
      }
      var olds = before.getOrDefault(table, Map.of());
      var items = new ArrayList<Item>();
      var seen = new java.util.HashSet<Key>();
      for (var item : page.items()) {
        seen.add(item.key());
        var old = olds.get(item.key());
        if (old == null || !lags(old)) {
          items.add(item);
        } else {
          old.item().filter(wanted).ifPresent(items::add);
        }
      }
      olds.entrySet().stream()
          .filter(e -> !seen.contains(e.getKey()))
          .filter(e -> world.engine.now() - e.getValue().until() < MOST_LAG)
          .sorted(
              java.util.Comparator.comparing(e -> e.getKey().partition() + "/" + e.getKey().sort()))
          .filter(e -> e.getValue().item().filter(wanted).isPresent() && lags(e.getValue()))
          .forEach(e -> items.add(e.getValue().item().orElseThrow()));
      return new Page(items, page.next());
    }

    private boolean lags(Old old) {
      return world.engine.now() - old.until() < MOST_LAG
          && world.faults.strikes(FaultKind.STORE_STALE);
    }
  }

  /** Objects in memory, as the control plane reaches them. */
  static final class SimBucket implements Bucket {
    private final World world;
    private final MemoryBucket objects;

    SimBucket(World world, MemoryBucket objects) {
      this.world = world;
      this.objects = objects;
    }

    private <T> T calling(String call, Supplier<T> effect) {
      return world.called(
          "bucket." + call,
          () -> {
            if (world.faults.strikes(FaultKind.BUCKET_UNAVAILABLE)) {
              throw new TransportUnavailable("the bucket gave no answer", null);
            }
            var result = effect.get();
            if (world.faults.strikes(FaultKind.BUCKET_ANSWER_LOST)) {
              throw new TransportUnavailable("the bucket's answer was lost", null);
            }
            return result;
          });
    }

    @Override
    public Optional<ObjectInfo> head(String key) {
      return calling("head", () -> objects.head(key));
    }

    @Override
    public Optional<byte[]> read(String key, int mostBytes) {
      return calling("read", () -> objects.read(key, mostBytes));
    }

    @Override
    public Listing list(String prefix, Optional<String> after, int limit) {
      return calling("list", () -> objects.list(prefix, after, limit));
    }

    @Override
    public boolean putIfAbsent(String key, byte[] body) {
      return calling("put", () -> objects.putIfAbsent(key, body));
    }

    @Override
    public URI presignPut(String key, long bytes, Duration life) {
      return objects.presignPut(key, bytes, life);
    }

    @Override
    public URI presignGet(String key, Duration life) {
      return objects.presignGet(key, life);
    }

    @Override
    public void delete(List<String> keys) {
      calling(
          "delete",
          () -> {
            world.checks.deleting(keys);
            objects.delete(keys);
            return true;
          });
    }
  }

  /** Hints that may be lost, doubled or late on their way. */
  static final class SimQueue implements Queue {
    private final World world;
    private final String name;

    SimQueue(World world, String name) {
      this.world = world;
      this.name = name;
    }

    @Override
    public void send(String body, Duration delay) {
      world.called(
          "queue.send",
          () -> {
            if (delay.isNegative() || delay.compareTo(MOST_DELAY) > 0 || delay.getNano() != 0) {
              throw new IllegalArgumentException("a delay is 0 to 15 min in seconds: " + delay);
            }
            if (world.faults.strikes(FaultKind.SEND_FAILS)) {
              throw new TransportUnavailable("the queue gave no answer", null);
            }
            world.checks.said("queue", body);
            world.plane.send(name, body, delay.toMillis());
            return true;
          });
    }
  }

  static final class SimBus implements Bus {
    private final World world;

    SimBus(World world) {
      this.world = world;
    }

    @Override
    public void publish(String detailType, String detailJson) {
      world.called(
          "bus.publish",
          () -> {
            if (world.faults.strikes(FaultKind.SEND_FAILS)) {
              throw new TransportUnavailable("the bus gave no answer", null);
            }
            world.checks.published(detailType, detailJson);
            world.plane.publish(detailType, detailJson);
            return true;
          });
    }
  }

  /** Credentials whose secrets are easy to find where they must not be. */
  static final class SimCredentials implements JobCredentials {
    private final World world;
    private int issued;

    SimCredentials(World world) {
      this.world = world;
    }

    @Override
    public Issued issue(JobId job, int epoch, Duration life) {
      return world.called(
          "credentials.issue",
          () -> {
            if (world.faults.strikes(FaultKind.BUCKET_UNAVAILABLE)) {
              throw new TransportUnavailable("the issuer gave no answer", null);
            }
            issued++;
            var secret = Checks.TAINT + "-secret-" + issued;
            var session = Checks.TAINT + "-session-" + issued;
            return new Issued(
                "memory://bucket",
                "us-east-1",
                "bucket",
                "AKSIM" + issued,
                secret,
                session,
                "jobs/" + job + "/",
                world.engine.instant().plus(life));
          });
    }
  }
}
