package io.vaultlayer.functions.check;

import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.JournalEntry;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.RecordCodec;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.place.Exclusions;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.functions.state.JobRecords;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Everything that is stored about one job, as its checkers want it.
 *
 * @param decisions in the order in which they were written, those too that still stand in the lease
 *     alone
 * @param isWhole false when there are more rows than one look reads; then the decisions are not
 *     judged
 * @param commits ids of the commit records
 * @param condemned ids of the condemned ones
 * @param attempts that are over, by epoch
 */
record History(
    Lease lease,
    List<Told> decisions,
    boolean isWhole,
    TreeSet<String> commits,
    TreeSet<String> condemned,
    Map<Integer, ClosedAttempt> attempts,
    Optional<Money> money) {

  /** A committed checkpoint as its records name it. */
  record Mark(int epoch, long step) {
    String id() {
      return "%08d#%012d".formatted(epoch, step);
    }

    static Mark parse(String id) {
      int hash = id.indexOf('#');
      return new Mark(
          Integer.parseInt(id.substring(0, hash)), Long.parseLong(id.substring(hash + 1)));
    }

    @Override
    public String toString() {
      return "step " + step + " of epoch " + epoch;
    }
  }

  /**
   * One decision.
   *
   * @param epoch before it
   * @param isLifted an intent that says that it could not keep an exclusion
   * @param isMarked false for a row that was written before decisions told what they committed
   */
  record Told(
      long sequence,
      int epoch,
      JobState from,
      JobState to,
      String edge,
      Optional<Mark> committed,
      Optional<Mark> condemned,
      boolean isMarked,
      boolean isLifted) {

    boolean begins(int attempt) {
      return edge.equals("REGISTERED") && epoch == attempt
          || edge.equals("RESTARTED_IN_PLACE") && epoch + 1 == attempt;
    }

    /** True when a launch of this epoch was intended where the job had excluded the machine. */
    boolean lifts(int attempt) {
      return isLifted
          && (edge.equals("INTENDED") && epoch == attempt
              || edge.equals("SUCCESSOR_DECLARED") && epoch + 1 == attempt);
    }

    Optional<Integer> begun() {
      return switch (edge) {
        case "REGISTERED" -> Optional.of(epoch);
        case "RESTARTED_IN_PLACE" -> Optional.of(epoch + 1);
        default -> Optional.empty();
      };
    }
  }

  /** The rows around a lease that was read before them; read the lease again after. */
  static History load(JobRecords records, Lease lease) {
    var job = lease.job();
    var told = new TreeMap<Long, Told>();
    var rows = new Rows(records, job);
    for (var item : rows.of("d#")) {
      var one = told(item);
      told.put(one.sequence(), one);
    }
    lease.journal().forEach(e -> told.put(e.sequence(), told(e)));
    var commits = new TreeSet<String>();
    rows.of("c#").forEach(i -> commits.add(i.key().sort().substring(2)));
    var condemned = new TreeSet<String>();
    rows.of("x#").forEach(i -> condemned.add(i.key().sort().substring(2)));
    var attempts = new HashMap<Integer, ClosedAttempt>();
    for (var item : rows.of("a#")) {
      var closed = RecordCodec.parseClosed(Fields.of(item.attributes()));
      attempts.put(closed.epoch(), closed);
    }
    for (var entry : lease.journal()) {
      entry.committed().ifPresent(p -> commits.add(JobRecords.id(p)));
      entry.condemned().ifPresent(p -> condemned.add(JobRecords.id(p)));
      entry.closed().ifPresent(c -> attempts.put(c.epoch(), c));
    }
    var money = records.findMoney(job).map(JobRecords.Versioned::value);
    return new History(
        lease, List.copyOf(told.values()), rows.isWhole, commits, condemned, attempts, money);
  }

  private static Told told(Item item) {
    var f = Fields.of(item.attributes());
    return new Told(
        Long.parseLong(item.key().sort().substring(2)),
        f.integer("epoch"),
        JobState.parse(f.text("from")),
        JobState.parse(f.text("to")),
        f.text("edge"),
        f.maybeText("committed").map(Mark::parse),
        f.maybeText("condemned").map(Mark::parse),
        f.maybeText("committed").or(() -> f.maybeText("condemned")).isPresent()
            || !f.text("edge").matches("COMMITTED|SALVAGED|CONDEMNED"),
        f.text("why").contains(Exclusions.LIFTED));
  }

  private static Told told(JournalEntry e) {
    return new Told(
        e.sequence(),
        e.epoch(),
        e.from(),
        e.to(),
        e.edge().name(),
        e.committed().map(p -> new Mark(p.epoch(), p.step())),
        e.condemned().map(p -> new Mark(p.epoch(), p.step())),
        true,
        e.reason().contains(Exclusions.LIFTED));
  }

  /** Reads rows page by page, and remembers when there were too many. */
  private static final class Rows {
    private final JobRecords records;
    private final io.vaultlayer.core.job.JobId job;
    private boolean isWhole = true;

    Rows(JobRecords records, io.vaultlayer.core.job.JobId job) {
      this.records = records;
      this.job = job;
    }

    List<Item> of(String kind) {
      var found = records.history(job, kind, false);
      isWhole &= found.isWhole();
      return found.items();
    }
  }
}
