package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.Effect;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.Why;
import io.vaultlayer.core.lease.JournalEntry;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.functions.Platform;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Loads a lease, lets the job machine decide and commits by compare-and-set on the sequence. When
 * the item moved, it decides anew; when no answer came, it reads and recognises its own write.
 *
 * <p>A job that has ended and owes nothing any more has its lease in the table of ended ones, which
 * no sweep reads. The write that settles it takes it there, and the one that resumes it takes it
 * back, each in one transaction; the row goes on counting, so that nothing decided on an older
 * state of it is ever taken (docs/decisions/0009-ended-leases.md).
 */
public final class Leases {
  /**
   * Tries of one operation: each lost race means that somebody else got through, so few are needed.
   */
  static final int MOST_TRIES = 12;

  private final Platform platform;
  private final Store store;
  private final String table;
  private final String ended;
  private final JobRecords records;
  private final DecisionLog log;
  private final Metrics metrics;
  private final BiFunction<Lease, JobEvent, Decision> decide;

  /**
   * @param decide {@link io.vaultlayer.core.job.JobMachine#decide}; the simulation counts, and
   *     breaks, decisions here
   */
  public Leases(
      Platform platform,
      JobRecords records,
      DecisionLog log,
      Metrics metrics,
      BiFunction<Lease, JobEvent, Decision> decide) {
    this.platform = platform;
    this.store = platform.store();
    this.table = platform.variable("LEASES_TABLE");
    this.ended = platform.variable("ENDED_TABLE");
    this.records = records;
    this.log = log;
    this.metrics = metrics;
    this.decide = decide;
  }

  /** What became of an event. */
  public sealed interface Result {
    /** The lease as it is stored now. */
    Lease lease();

    /** Written; the effects are still to be performed. */
    record Done(Lease lease, Lease before, io.vaultlayer.core.job.Edge edge, List<Effect> effects)
        implements Result {}

    /** An earlier write of the same caller is there. */
    record Recognised(Lease lease) implements Result {}

    record Ignored(Lease lease, Why why) implements Result {}
  }

  /** Rows that must be written in the same transaction as the lease. */
  @FunctionalInterface
  public interface Beside {
    List<Write> writes(Lease next);
  }

  public Optional<Lease> load(JobId job) {
    return find(job).map(Found::lease);
  }

  /** A lease and the table in which it stands. */
  private record Found(Lease lease, String table) {}

  /**
   * Looks in both tables twice: a lease that moves the other way between two reads is in neither
   * for who reads.
   */
  private Optional<Found> find(JobId job) {
    for (var place : List.of(table, ended, table, ended)) {
      var item = store.get(place, LeaseCodec.key(job));
      if (item.isPresent()) {
        return Optional.of(new Found(LeaseCodec.parse(item.get()), place));
      }
    }
    return Optional.empty();
  }

  /** The write that creates a job's lease. */
  public Write creation(Lease lease) {
    return put(table, lease, Expect.absent());
  }

  public Result apply(JobId job, JobEvent event) {
    return apply(job, lease -> event, lease -> List.of());
  }

  /**
   * Decides and commits.
   *
   * @param event made anew from the lease at each try
   * @throws UnknownJob when there is no such lease
   * @throws StoreUnavailable when the store gave no answer to the last try
   */
  public Result apply(JobId job, Function<Lease, JobEvent> event, Beside beside) {
    Optional<Decided> attempted = Optional.empty();
    for (int tries = 1; ; tries++) {
      var found = find(job).orElseThrow(() -> new UnknownJob(job));
      var lease = found.lease();
      if (attempted.filter(a -> isThere(a.decision().next(), lease)).isPresent()) {
        log.note("recognised", job.value(), "the answer to our own write was lost");
        return done(attempted.get());
      }
      heal(job, lease.journal());
      var settled = lease.withoutJournal();
      var happening = event.apply(lease);
      var decision =
          decide.apply(happening instanceof JobEvent.Settle ? lease : settled, happening);
      switch (decision) {
        case Decision.Ignored ignored -> {
          log.decided(lease, happening, ignored);
          return new Result.Ignored(lease, ignored.why());
        }
        case Decision.Recognised recognised -> {
          log.decided(lease, happening, recognised);
          return new Result.Recognised(lease);
        }
        case Decision.Accepted accepted -> {
          try {
            if (write(found, accepted.next(), beside)) {
              accepted.next().journal().forEach(entry -> records.project(job, entry));
              return done(new Decided(lease, happening, accepted));
            }
            attempted = Optional.empty();
          } catch (StoreUnavailable e) {
            attempted = Optional.of(new Decided(lease, happening, accepted));
            if (tries >= MOST_TRIES) {
              throw e;
            }
          }
        }
      }
      if (tries >= MOST_TRIES) {
        throw new StoreUnavailable(job + " changed under " + MOST_TRIES + " tries", null);
      }
      platform.pause(Duration.ofMillis(2L << Math.min(tries, 7)));
    }
  }

  /** A decision of our own whose write may be there, or is. */
  private record Decided(Lease before, JobEvent event, Decision.Accepted decision) {}

  /** Its write is there, and nobody else knows that its effects are still to be performed. */
  private Result done(Decided written) {
    var decision = written.decision();
    log.decided(written.before(), written.event(), decision);
    metrics.written(written.before(), written.event(), decision);
    return new Result.Done(decision.next(), written.before(), decision.edge(), decision.effects());
  }

  /** One page of one segment of the leases that the sweep has to look at. */
  public Page scan(int segment, int segments, int limit, Optional<String> from) {
    return store.scan(table, segment, segments, limit, from);
  }

  /** One page of the leases of ended jobs that owe nothing any more. */
  public Page scanEnded(int limit, Optional<String> from) {
    return scanEnded(0, 1, limit, from);
  }

  /** As above, of one segment. */
  public Page scanEnded(int segment, int segments, int limit, Optional<String> from) {
    return store.scan(ended, segment, segments, limit, from);
  }

  /** True when one lease stands in both tables: then two writers could each win. */
  public boolean isDoubled(JobId job) {
    var key = LeaseCodec.key(job);
    var before = store.get(table, key).map(Item::version);
    return before.isPresent()
        && store.get(ended, key).isPresent()
        && store.get(table, key).map(Item::version).equals(before);
  }

  /** One page of the leases that owe work by now, earliest first; eventually consistent. */
  public Page due(Instant now, int limit, Optional<String> from) {
    return store.due(table, LeaseCodec.DUE, now, limit, from);
  }

  private boolean write(Found before, Lease next, Beside beside) {
    var writes = new ArrayList<>(leaseWrites(before, next));
    int own = writes.size();
    writes.addAll(beside.writes(next));
    return switch (store.write(writes)) {
      case WriteResult.Applied _ -> true;
      case WriteResult.Refused refused when refused.index() < own -> false;
      case WriteResult.Refused refused ->
          throw new BesideRefused(refused.index() - own, refused.current());
    };
  }

  private List<Write> leaseWrites(Found before, Lease next) {
    long sequence = before.lease().sequence();
    var place = next.isSettled() ? ended : table;
    if (place.equals(before.table())) {
      return List.of(put(place, next, Expect.version(sequence)));
    }
    return List.of(
        put(place, next, Expect.absentAfter(sequence)),
        new Write.Delete(before.table(), LeaseCodec.key(next.job()), Expect.version(sequence)));
  }

  private Write put(String place, Lease lease, Expect expect) {
    return new Write.Put(
        place,
        LeaseCodec.key(lease.job()),
        expect,
        LeaseCodec.attributes(lease),
        LeaseCodec.due(lease));
  }

  /** Tells what earlier decisions left to be told, where their writer died before. */
  private void heal(JobId job, List<JournalEntry> journal) {
    for (var entry : journal) {
      if (!records.isProjected(job, entry)) {
        records.project(job, entry);
      }
    }
  }

  /** My write stands there, or it ended the job, and others have written after it. */
  private static boolean isThere(Lease mine, Lease stored) {
    return isSame(mine, stored)
        || mine.state().isFinal()
            && stored.state() == mine.state()
            && stored.epoch() == mine.epoch()
            && stored.endedAt().equals(mine.endedAt())
            && stored.reason().equals(mine.reason());
  }

  private static boolean isSame(Lease mine, Lease stored) {
    return mine.sequence() == stored.sequence() && attributes(mine).equals(attributes(stored));
  }

  private static Map<String, Object> attributes(Lease lease) {
    return LeaseCodec.attributes(lease);
  }

  /** No such job. */
  public static final class UnknownJob extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnknownJob(JobId job) {
      super("no such job: " + job);
    }
  }

  /** A row beside the lease refused its condition; {@code current} is what stands there. */
  public static final class BesideRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Optional<Item> current;
    private final int index;

    BesideRefused(int index, Optional<Item> current) {
      super("the row " + index + " beside the lease moved");
      this.index = index;
      this.current = current;
    }

    public int index() {
      return index;
    }

    public Optional<Item> current() {
      return current;
    }
  }
}
