package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.state.Leases;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The jobs of both tables, live and ended, read without stopping the world: a job that moves
 * between the tables meanwhile is found once. One that is resumed in just that moment may be
 * missed; the next look has it.
 */
final class StoredJobs {
  /** Rows of each table read for one answer; what lies beyond is not looked at. */
  static final int MOST_LEASES = 50_000;

  private final Leases leases;

  StoredJobs(Leases leases) {
    this.leases = leases;
  }

  List<Lease> all() {
    return newest(2 * MOST_LEASES, Optional.empty(), false);
  }

  /**
   * The newest jobs first, as many as asked for, in so much memory.
   *
   * @param after only jobs older than this one
   * @param liveOnly without those that have ended
   */
  List<Lease> newest(int most, Optional<String> after, boolean liveOnly) {
    var found = new TreeMap<JobId, Lease>();
    Consumer<Item> keep =
        item -> {
          var job = new JobId(item.key().partition());
          if (after.isPresent() && job.value().compareTo(after.get()) >= 0
              || found.size() == most && job.compareTo(found.firstKey()) < 0) {
            return;
          }
          var lease = LeaseCodec.parse(item);
          if (liveOnly && lease.state().isFinal()) {
            return;
          }
          found.merge(job, lease, (a, b) -> a.sequence() > b.sequence() ? a : b);
          if (found.size() > most) {
            found.pollFirstEntry();
          }
        };
    read(from -> leases.scan(0, 1, HttpRequest.MOST_LIMIT, from), keep);
    if (!liveOnly) {
      read(from -> leases.scanEnded(HttpRequest.MOST_LIMIT, from), keep);
    }
    return List.copyOf(found.descendingMap().values());
  }

  private static void read(Function<Optional<String>, Page> table, Consumer<Item> keep) {
    Optional<String> from = Optional.empty();
    int seen = 0;
    do {
      var page = table.apply(from);
      page.items().forEach(keep);
      seen += page.items().size();
      from = page.next();
    } while (from.isPresent() && seen < MOST_LEASES);
  }
}
