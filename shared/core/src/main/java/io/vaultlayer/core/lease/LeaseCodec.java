package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import java.util.Map;
import java.util.Optional;

/**
 * The lease's stored form, of which docs/lease-format.md tells every name. The row's version is the
 * lease's sequence. It is short because it is written with every beat and read with every sweep: a
 * running lease stays below the 1,024 bytes that DynamoDB takes for one write unit.
 */
public final class LeaseCodec {
  /** Partition of the sparse index in which due leases stand. */
  public static final String DUE = "work";

  /** What {@code f} says in the rows written here. Rows without it are of format 0. */
  static final long FORMAT = 1;

  private LeaseCodec() {}

  public static Key key(JobId job) {
    return Key.of(job.value());
  }

  /** Present while the job owes work that no agent's beat will bring. */
  public static Optional<Due> due(Lease lease) {
    return lease.dueAt().map(at -> new Due(DUE, at));
  }

  public static Map<String, Object> attributes(Lease l) {
    var parts = new LeaseParts(l.job());
    return Fields.fresh()
        .put("f", FORMAT)
        .put("e", (long) l.epoch())
        .put("st", l.state().wireName())
        .putTrue("una", !l.armed())
        .putSome("pol", parts.policy(l.policy()))
        .putMillis("due", l.dueAt())
        .putMillis("dl", l.deadline())
        .putMillis("gr", l.graceEnd())
        .putMillis("dr", l.drainEnd())
        .put("cl", l.claim(), parts::claim)
        .putSome("la", l.launches().stream().map(a -> parts.launch(a, l.epoch())).toList())
        .put("nl", (long) l.nextLaunch())
        .put("bd", l.bound(), Integer::longValue)
        .put("tok", l.token(), t -> Compact.digest(t.hex()))
        .put("p", l.pointer(), parts::pointer)
        .putSome("old", parts.earlier(l.pointer(), l.earlier()))
        .put("run", parts.run(l.run(), l.state()))
        .putSome("cnt", parts.counters(l.counters()))
        .put("by", l.closedBy(), s -> s)
        .put("why", l.reason(), s -> s)
        .put("txt", l.detail(), s -> s)
        .put("xc", l.exitCode(), Integer::longValue)
        .putMillis("end", l.endedAt())
        .putSome("j", l.journal().stream().map(parts::journal).toList())
        .map();
  }

  /**
   * @throws IllegalStateException naming the field that is missing or has another kind, or the
   *     format that this program does not know
   */
  public static Lease parse(Item item) {
    var f = Fields.of(item.attributes());
    var format = f.maybeNumber("f").orElse(0L);
    if (format == 0) {
      return LeaseFormat0.parse(item);
    }
    if (format != FORMAT) {
      throw new IllegalStateException(
          "the lease of "
              + item.key().partition()
              + " is of format "
              + format
              + "; this program reads formats 0 and "
              + FORMAT);
    }
    var job = new JobId(item.key().partition());
    var parts = new LeaseParts(job);
    int epoch = f.integer("e");
    var state = JobState.parse(f.text("st"));
    var pointer = f.maybeFields("p").map(parts::parsePointer);
    return new Lease(
        job,
        item.version(),
        epoch,
        state,
        !f.flag("una"),
        parts.parsePolicy(f.fields("pol")),
        f.maybeMillis("due"),
        f.maybeMillis("dl"),
        f.maybeMillis("gr"),
        f.maybeMillis("dr"),
        f.maybeFields("cl").map(parts::parseClaim),
        f.list("la").stream().map(a -> parts.parseLaunch(a, epoch)).toList(),
        f.integer("nl"),
        f.maybeInteger("bd"),
        f.maybeText("tok").map(t -> new TokenHash(Compact.parseDigest(t))),
        pointer,
        parts.parseEarlier(pointer, f.list("old")),
        parts.parseRun(f.maybeFields("run").orElseThrow(() -> Fields.missing("run")), state),
        parts.parseCounters(f.fields("cnt")),
        f.maybeText("by"),
        f.maybeText("why"),
        f.maybeText("txt"),
        f.maybeInteger("xc"),
        f.maybeMillis("end"),
        f.list("j").stream().map(parts::parseJournal).toList());
  }
}
