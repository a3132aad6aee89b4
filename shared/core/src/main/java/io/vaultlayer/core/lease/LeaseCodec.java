package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import java.util.Map;
import java.util.Optional;

/** The lease's stored form. The row's version is the lease's sequence. */
public final class LeaseCodec {
  /** Partition of the sparse index in which due leases stand. */
  public static final String DUE = "work";

  private LeaseCodec() {}

  public static Key key(JobId job) {
    return Key.of(job.value());
  }

  /** Present while the job owes work that no agent's beat will bring. */
  public static Optional<Due> due(Lease lease) {
    return lease.dueAt().map(at -> new Due(DUE, at));
  }

  public static Map<String, Object> attributes(Lease l) {
    return Fields.fresh()
        .put("epoch", (long) l.epoch())
        .put("state", l.state().wireName())
        .put("armed", l.armed())
        .put("policy", policy(l.policy()))
        .put("due", l.dueAt())
        .put("deadline", l.deadline())
        .put("grace", l.graceEnd())
        .put("drain", l.drainEnd())
        .put(
            "claim",
            l.claim(),
            c -> Fields.fresh().put("by", c.by()).put("until", c.until().toString()).map())
        .put("launches", l.launches().stream().map(LeaseCodec::launch).toList())
        .put("nextLaunch", (long) l.nextLaunch())
        .put("bound", l.bound(), Integer::longValue)
        .put("token", l.token(), TokenHash::hex)
        .put("pointer", l.pointer(), LeaseCodec::pointer)
        .put("earlier", l.earlier().stream().map(LeaseCodec::pointer).toList())
        .put("run", run(l.run()))
        .put("counters", counters(l.counters()))
        .put("closedBy", l.closedBy(), s -> s)
        .put("reason", l.reason(), s -> s)
        .put("detail", l.detail(), s -> s)
        .put("exitCode", l.exitCode(), Integer::longValue)
        .put("ended", l.endedAt())
        .put("journal", l.journal().stream().map(LeaseCodec::journal).toList())
        .map();
  }

  public static Lease parse(Item item) {
    var f = Fields.of(item.attributes());
    return new Lease(
        new JobId(item.key().partition()),
        item.version(),
        f.integer("epoch"),
        JobState.parse(f.text("state")),
        f.flag("armed"),
        f.maybeFields("policy").map(LeaseCodec::parsePolicy).orElseThrow(),
        f.maybeTime("due"),
        f.maybeTime("deadline"),
        f.maybeTime("grace"),
        f.maybeTime("drain"),
        f.maybeFields("claim").map(c -> new Claim(c.text("by"), c.time("until"))),
        f.list("launches").stream().map(LeaseCodec::parseLaunch).toList(),
        f.integer("nextLaunch"),
        f.maybeInteger("bound"),
        f.maybeText("token").map(TokenHash::new),
        f.maybeFields("pointer").map(LeaseCodec::parsePointer),
        f.list("earlier").stream().map(LeaseCodec::parsePointer).toList(),
        f.maybeFields("run").map(LeaseCodec::parseRun).orElseThrow(),
        f.maybeFields("counters").map(LeaseCodec::parseCounters).orElse(Counters.ZERO),
        f.maybeText("closedBy"),
        f.maybeText("reason"),
        f.maybeText("detail"),
        f.maybeInteger("exitCode"),
        f.maybeTime("ended"),
        f.list("journal").stream().map(LeaseCodec::parseJournal).toList());
  }

  private static Map<String, Object> policy(Policy p) {
    return Fields.fresh()
        .put("failover", p.failover())
        .put("maxAttempts", (long) p.maxAttempts())
        .put("deadline", p.deadline())
        .map();
  }

  private static Policy parsePolicy(Fields f) {
    return new Policy(f.flag("failover"), f.integer("maxAttempts"), f.maybeTime("deadline"));
  }

  /** A commit record's stored form, in the lease and in its own row. */
  public static Map<String, Object> pointer(Pointer p) {
    return Fields.fresh()
        .put("step", p.step())
        .put("epoch", (long) p.epoch())
        .put("key", p.manifestKey())
        .put("sha256", p.manifestSha256())
        .put("bytes", p.bytes())
        .put("files", (long) p.files())
        .put("at", p.committedAt().toString())
        .map();
  }

  public static Pointer parsePointer(Fields f) {
    return new Pointer(
        f.number("step"),
        f.integer("epoch"),
        f.text("key"),
        f.text("sha256"),
        f.number("bytes"),
        f.integer("files"),
        f.time("at"));
  }

  private static Map<String, Object> launch(LaunchRecord l) {
    return Fields.fresh()
        .put("epoch", (long) l.epoch())
        .put("n", (long) l.number())
        .put("label", l.label())
        .put("provider", l.provider())
        .put("region", l.region())
        .put("gpu", l.gpu())
        .put("gpuPresent", l.gpuPresent())
        .put("pricing", l.pricing())
        .put("usd", l.usdPerHour())
        .put("beat", (long) l.beatSeconds())
        .put("lease", (long) l.leaseSeconds())
        .put("boot", l.bootstrapHash().hex())
        .put("at", l.intendedAt().toString())
        .put("until", l.expiresAt().toString())
        .put("funded", l.fundedUntil())
        .put("instance", l.instanceId(), s -> s)
        .put("machine", l.machineId(), s -> s)
        .map();
  }

  private static LaunchRecord parseLaunch(Fields f) {
    return new LaunchRecord(
        f.integer("epoch"),
        f.integer("n"),
        f.text("label"),
        f.text("provider"),
        f.maybeText("region").orElse("unknown"),
        f.text("gpu"),
        f.flag("gpuPresent"),
        f.text("pricing"),
        f.decimal("usd"),
        f.integer("beat"),
        f.integer("lease"),
        new TokenHash(f.text("boot")),
        f.time("at"),
        f.time("until"),
        f.maybeTime("funded"),
        f.maybeText("instance"),
        f.maybeText("machine"));
  }

  private static Map<String, Object> run(Run r) {
    return Fields.fresh()
        .put("at", r.startedAt().toString())
        .put("owed", r.owedSince().toString())
        .put("started", r.programStarted())
        .put("beat", r.beat())
        .put("phase", r.phase())
        .put("step", r.step(), n -> n)
        .put("stepAt", r.stepAt())
        .put("first", r.firstStep(), n -> n)
        .put("loss", r.loss(), n -> n)
        .put("rate", r.stepsPerSecond(), n -> n)
        .put("beatAt", r.lastBeatAt())
        .put("from", r.resumedFrom(), n -> n)
        .put("committed", r.committed())
        .put("notResumed", r.didNotResume())
        .put("stalledAt", r.stalledAt())
        .put("afterStall", r.afterStall())
        .map();
  }

  private static Run parseRun(Fields f) {
    return new Run(
        f.time("at"),
        f.maybeTime("owed").orElse(f.time("at")),
        f.flag("started"),
        f.number("beat"),
        f.text("phase"),
        f.maybeNumber("step"),
        f.maybeTime("stepAt"),
        f.maybeNumber("first"),
        f.maybeDecimal("loss"),
        f.maybeDecimal("rate"),
        f.maybeTime("beatAt"),
        f.maybeNumber("from"),
        f.flag("committed"),
        f.flag("notResumed"),
        f.maybeTime("stalledAt"),
        f.map().containsKey("afterStall") && f.flag("afterStall"));
  }

  private static Map<String, Object> counters(Counters c) {
    return Fields.fresh()
        .put("attempts", (long) c.attempts())
        .put("noProgress", (long) c.noProgress())
        .put("neverStarted", (long) c.neverStarted())
        .put("waits", (long) c.waits())
        .map();
  }

  private static Counters parseCounters(Fields f) {
    return new Counters(
        f.integer("attempts"),
        f.integer("noProgress"),
        f.integer("neverStarted"),
        f.integer("waits"));
  }

  private static Map<String, Object> journal(JournalEntry e) {
    return Fields.fresh()
        .put("seq", e.sequence())
        .put("at", e.at().toString())
        .put("epoch", (long) e.epoch())
        .put("from", e.from().wireName())
        .put("to", e.to().wireName())
        .put("edge", e.edge().name())
        .put("why", e.reason())
        .put("closed", e.closed(), LeaseCodec::closed)
        .put("committed", e.committed(), LeaseCodec::pointer)
        .put("condemned", e.condemned(), LeaseCodec::pointer)
        .map();
  }

  private static JournalEntry parseJournal(Fields f) {
    return new JournalEntry(
        f.number("seq"),
        f.time("at"),
        f.integer("epoch"),
        JobState.parse(f.text("from")),
        JobState.parse(f.text("to")),
        Edge.valueOf(f.text("edge")),
        f.text("why"),
        f.maybeFields("closed").map(LeaseCodec::parseClosed),
        f.maybeFields("committed").map(LeaseCodec::parsePointer),
        f.maybeFields("condemned").map(LeaseCodec::parsePointer));
  }

  /** An ended attempt's stored form, in the journal and in its own row. */
  public static Map<String, Object> closed(ClosedAttempt c) {
    return Fields.fresh()
        .put("epoch", (long) c.epoch())
        .put("launch", c.launch(), LeaseCodec::launch)
        .put("start", c.startedAt().toString())
        .put("end", c.endedAt().toString())
        .put("outcome", c.outcome().wireName())
        .put("detail", c.detail())
        .put("first", c.firstStep(), n -> n)
        .put("last", c.lastStep(), n -> n)
        .put("from", c.resumedFrom(), n -> n)
        .map();
  }

  public static ClosedAttempt parseClosed(Fields f) {
    return new ClosedAttempt(
        f.integer("epoch"),
        f.maybeFields("launch").map(LeaseCodec::parseLaunch),
        f.time("start"),
        f.time("end"),
        Outcome.parse(f.text("outcome")),
        f.text("detail"),
        f.maybeNumber("first"),
        f.maybeNumber("last"),
        f.maybeNumber("from"));
  }
}
