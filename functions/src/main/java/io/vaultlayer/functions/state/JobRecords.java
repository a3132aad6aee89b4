package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.JournalEntry;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.RecordCodec;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.place.Exclusions.Exclusion;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.functions.Platform;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The rows of a job beside its lease, in one partition of the Jobs table:
 *
 * <pre>
 * spec                 what was asked for          env            the user's variables
 * d#&lt;sequence&gt;         a decision                  a#&lt;epoch&gt;      an ended attempt
 * c#&lt;epoch&gt;#&lt;step&gt;     a commit record             x#..           condemned    h#..  held back
 * w#&lt;epoch&gt;#&lt;n&gt;        a warning of an attempt      money          reserved and spent
 * b#&lt;provider&gt;         a provider that refused, and until when it is left out
 * retention            which checkpoints are pruned, see {@link RetentionRows}
 * n#&lt;epoch&gt;#&lt;code&gt;     a reason for doing nothing, see {@link Notes}
 * </pre>
 *
 * All but spec, env, money, retention and notes are projections of the lease's journal, written
 * again without harm.
 */
public final class JobRecords {
  /** Most rows of one kind read for one answer. */
  static final int MOST_ROWS = 1000;

  /** Most rows of one kind read for an answer about a whole history. */
  public static final int MOST_HISTORY = 20_000;

  /** Different warnings kept of one attempt. */
  static final int WARNING_ROWS = 64;

  private final Store store;
  private final String table;
  private final FleetRecords fleet;

  public JobRecords(Platform platform) {
    this.store = platform.store();
    this.table = platform.variable("JOBS_TABLE");
    this.fleet = new FleetRecords(store, table);
  }

  public String table() {
    return table;
  }

  // ---- what was asked for

  public List<Write> creation(
      JobId job, JobSpec spec, Map<String, Object> environment, Optional<Write> idempotency) {
    var writes = new ArrayList<Write>();
    writes.add(put(job, "spec", Expect.absent(), spec.attributes()));
    writes.add(put(job, "env", Expect.absent(), environment));
    writes.add(put(job, "money", Expect.absent(), Money.fresh(spec.budgetUsd()).attributes()));
    idempotency.ifPresent(writes::add);
    return writes;
  }

  public Optional<JobSpec> spec(JobId job) {
    return get(job, "spec").map(i -> JobSpec.parse(i.attributes()));
  }

  /** {@code user} and {@code host}: name to value. */
  public Map<String, Object> environment(JobId job) {
    return get(job, "env").map(Item::attributes).orElse(Map.of());
  }

  public record Versioned<T>(long version, T value) {}

  /** The job's money; empty for a job that this store never heard of. */
  public Optional<Versioned<Money>> findMoney(JobId job) {
    return get(job, "money").map(i -> new Versioned<>(i.version(), Money.parse(i.attributes())));
  }

  public Versioned<Money> money(JobId job) {
    return findMoney(job).orElseThrow();
  }

  public Write moneyWrite(JobId job, Versioned<Money> old, Money next) {
    return put(job, "money", Expect.version(old.version()), next.attributes());
  }

  // ---- submission keys

  public static Key idempotencyKey(String key) {
    return new Key("key#" + key, Key.SINGLE);
  }

  public Optional<Item> idempotency(String key) {
    return store.get(table, idempotencyKey(key));
  }

  public Write idempotencyWrite(
      String key, JobId job, String requestSha256, long expiresAt, Expect expect) {
    var attributes =
        Fields.fresh()
            .put("job", job.value())
            .put("request", requestSha256)
            .put("expiresAt", expiresAt)
            .map();
    return new Write.Put(table, idempotencyKey(key), expect, attributes, Optional.empty());
  }

  // ---- projections

  /**
   * Stores what a decision left to be told. Row by row, since each may be written again without
   * harm and a transaction costs twice as much; the decision's own row comes last and so says that
   * all are there.
   */
  void project(JobId job, JournalEntry entry) {
    entry.closed().ifPresent(c -> write(job, "a#%08d".formatted(c.epoch()), RecordCodec.closed(c)));
    entry.closed().flatMap(c -> fleet.row(job, c)).ifPresent(row -> store.write(List.of(row)));
    entry.committed().ifPresent(p -> write(job, row("c", p), RecordCodec.pointer(p)));
    entry.condemned().ifPresent(p -> write(job, row("x", p), withReason(p, entry.reason())));
    write(job, decisionRow(entry), decision(entry));
  }

  boolean isProjected(JobId job, JournalEntry entry) {
    return get(job, decisionRow(entry)).isPresent();
  }

  private static String decisionRow(JournalEntry entry) {
    return "d#%012d".formatted(entry.sequence());
  }

  private void write(JobId job, String sort, Map<String, Object> attributes) {
    store.write(List.of(put(job, sort, Expect.anything(), attributes)));
  }

  private static Map<String, Object> decision(JournalEntry e) {
    return Fields.fresh()
        .put("at", e.at().toString())
        .put("epoch", (long) e.epoch())
        .put("from", e.from().wireName())
        .put("to", e.to().wireName())
        .put("event", e.edge().event())
        .put("edge", e.edge().name())
        .put("why", e.reason())
        .put("effects", e.effects())
        .put("committed", e.committed(), JobRecords::id)
        .put("condemned", e.condemned(), JobRecords::id)
        .map();
  }

  private static Map<String, Object> withReason(Pointer p, String reason) {
    var map = new LinkedHashMap<>(RecordCodec.pointer(p));
    map.put("reason", reason);
    return map;
  }

  private static String row(String kind, Pointer p) {
    return kind + "#" + id(p);
  }

  /** By which a checkpoint's records are found: epoch and step. */
  public static String id(Pointer p) {
    return "%08d#%012d".formatted(p.epoch(), p.step());
  }

  /** What jobs met with at their providers, for everybody's placement. */
  public FleetRecords fleet() {
    return fleet;
  }

  /** Leaves a provider out for this job; a later refusal takes the place of an earlier one. */
  public void bar(JobId job, Exclusion bar) {
    var row = Fields.fresh().put("until", bar.until().toString()).put("reason", bar.reason()).map();
    store.write(List.of(put(job, "b#" + bar.provider(), Expect.anything(), row)));
  }

  public List<Exclusion> bars(JobId job) {
    return rows(job, "b#").stream()
        .map(i -> {
          var f = Fields.of(i.attributes());
          var provider = i.key().sort().substring(2);
          return new Exclusion(provider, Optional.empty(), f.time("until"), f.text("reason"));
        })
        .toList();
  }

  /** True for a checkpoint that its agent kept back, or that was found damaged. */
  public boolean isHeldOrCondemned(JobId job, int epoch, long step) {
    var id = "%08d#%012d".formatted(epoch, step);
    return get(job, "h#" + id).isPresent() || get(job, "x#" + id).isPresent();
  }

  /** A checkpoint that the agent held back; for the user's eyes. */
  public void hold(JobId job, int epoch, long step, Map<String, Object> attributes) {
    store.write(
        List.of(put(job, "h#%08d#%012d".formatted(epoch, step), Expect.anything(), attributes)));
  }

  /**
   * Keeps each warning of an attempt once, however often it is told; at most {@value #WARNING_ROWS}
   * of them.
   */
  public void warnings(JobId job, int epoch, List<String> warnings) {
    for (var warning : warnings) {
      var sort = "w#%08d#%02d".formatted(epoch, Math.floorMod(warning.hashCode(), WARNING_ROWS));
      store.write(List.of(put(job, sort, Expect.anything(), Map.of("warnings", List.of(warning)))));
    }
  }

  // ---- reading

  public List<ClosedAttempt> newestAttempts(JobId job, int limit) {
    return store.query(table, job.value(), "a#", true, limit, Optional.empty()).items().stream()
        .map(i -> RecordCodec.parseClosed(Fields.of(i.attributes())))
        .toList();
  }

  public List<ClosedAttempt> attempts(JobId job) {
    return rows(job, "a#").stream()
        .map(i -> RecordCodec.parseClosed(Fields.of(i.attributes())))
        .toList();
  }

  /** Rows of one kind ({@code c#}, {@code x#}, {@code h#}, {@code w#}), oldest first. */
  public List<Item> rows(JobId job, String kind) {
    return store.query(table, job.value(), kind, false, MOST_ROWS, Optional.empty()).items();
  }

  /**
   * Rows of one kind of a whole history.
   *
   * @param isWhole false when there are more than {@value #MOST_HISTORY}
   */
  public record Rows(List<Item> items, boolean isWhole) {}

  /** At most {@value #MOST_HISTORY} rows of one kind, from one end of the history. */
  public Rows history(JobId job, String kind, boolean newestFirst) {
    var all = new ArrayList<Item>();
    Optional<String> from = Optional.empty();
    do {
      var page = store.query(table, job.value(), kind, newestFirst, MOST_ROWS, from);
      all.addAll(page.items());
      from = page.next();
    } while (from.isPresent() && all.size() < MOST_HISTORY);
    return new Rows(all, from.isEmpty());
  }

  /** One page of the rows of one kind, oldest first. */
  public Page page(JobId job, String kind, int limit, Optional<String> from) {
    return store.query(table, job.value(), kind, false, limit, from);
  }

  public Page decisions(JobId job, int limit, Optional<String> from) {
    return store.query(table, job.value(), "d#", false, limit, from);
  }

  private Optional<Item> get(JobId job, String sort) {
    return store.get(table, new Key(job.value(), sort));
  }

  private Write put(JobId job, String sort, Expect expect, Map<String, Object> attributes) {
    return new Write.Put(table, new Key(job.value(), sort), expect, attributes, Optional.empty());
  }
}
