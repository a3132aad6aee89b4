package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The parts of one job's lease in their stored form (docs/lease-format.md). */
record LeaseParts(JobId job) {

  Map<String, Object> policy(Policy p) {
    return Fields.fresh()
        .putTrue("one", !p.failover())
        .putCount("max", p.maxAttempts())
        .putMillis("dl", p.deadline())
        .putCount("drop", Lease.MOST_EARLIER + 1 - p.keepLast())
        .map();
  }

  Policy parsePolicy(Fields f) {
    return new Policy(
        !f.flag("one"),
        f.count("max"),
        f.maybeMillis("dl"),
        Lease.MOST_EARLIER + 1 - f.count("drop"));
  }

  Map<String, Object> claim(Claim c) {
    return Fields.fresh().put("by", c.by()).putMillis("t", c.until()).map();
  }

  Claim parseClaim(Fields f) {
    return new Claim(f.text("by"), f.millis("t"));
  }

  Map<String, Object> pointer(Pointer p) {
    var fields = Fields.fresh().put("s", p.step()).put("e", (long) p.epoch());
    if (!p.manifestKey().equals(Compact.manifestKey(job, p.epoch(), p.step()))) {
      fields.put("k", p.manifestKey());
    }
    return fields
        .put("h", Compact.digest(p.manifestSha256()))
        .put("b", p.bytes())
        .put("n", (long) p.files())
        .putMillis("t", p.committedAt())
        .map();
  }

  Pointer parsePointer(Fields f) {
    long step = f.number("s");
    int epoch = f.integer("e");
    return new Pointer(
        step,
        epoch,
        f.maybeText("k").orElseGet(() -> Compact.manifestKey(job, epoch, step)),
        Compact.parseDigest(f.text("h")),
        f.number("b"),
        f.integer("n"),
        f.millis("t"));
  }

  /** Earlier commits, newest first; each without what it shares with the commit after it. */
  List<Map<String, Object>> earlier(Optional<Pointer> newest, List<Pointer> earlier) {
    var stored = new ArrayList<Map<String, Object>>();
    var after = newest;
    for (var pointer : earlier) {
      var fields = Fields.of(pointer(pointer));
      after.ifPresent(a -> leaveOut(fields, pointer, a));
      stored.add(fields.map());
      after = Optional.of(pointer);
    }
    return stored;
  }

  private static void leaveOut(Fields fields, Pointer pointer, Pointer after) {
    var map = fields.map();
    if (pointer.epoch() == after.epoch()) {
      map.remove("e");
    }
    if (pointer.bytes() == after.bytes()) {
      map.remove("b");
    }
    if (pointer.files() == after.files()) {
      map.remove("n");
    }
    var between = Duration.between(pointer.committedAt(), after.committedAt());
    if (between.equals(Duration.ofMillis(between.toMillis()))) {
      map.remove("t");
      map.put("d", between.toMillis());
    }
  }

  List<Pointer> parseEarlier(Optional<Pointer> newest, List<Fields> stored) {
    var earlier = new ArrayList<Pointer>();
    var after = newest;
    for (var fields : stored) {
      var whole = Fields.of(new LinkedHashMap<>(fields.map()));
      after.ifPresent(a -> fillIn(whole.map(), a));
      var pointer = parsePointer(whole);
      earlier.add(pointer);
      after = Optional.of(pointer);
    }
    return earlier;
  }

  private static void fillIn(Map<String, Object> map, Pointer after) {
    map.putIfAbsent("e", (long) after.epoch());
    map.putIfAbsent("b", after.bytes());
    map.putIfAbsent("n", (long) after.files());
    if (map.get("d") instanceof Number millis) {
      Fields.of(map).putMillis("t", after.committedAt().minusMillis(millis.longValue()));
    }
  }

  /**
   * @param base the epoch of what the launch stands in; its own is stored where it differs
   */
  Map<String, Object> launch(LaunchRecord l, int base) {
    var fields = Fields.fresh();
    if (l.epoch() != base) {
      fields.put("e", (long) l.epoch());
    }
    fields.put("n", (long) l.number());
    Compact.ownerOf(l.label(), job, l.epoch(), l.number())
        .ifPresentOrElse(owner -> fields.put("o", owner), () -> fields.put("l", l.label()));
    return fields
        .put("pr", l.provider())
        .put("rg", l.region())
        .put("g", l.gpu())
        .putTrue("ng", !l.gpuPresent())
        .put("pc", l.pricing())
        .put("usd", Double.toString(l.usdPerHour()))
        .put("be", (long) l.beatSeconds())
        .put("le", (long) l.leaseSeconds())
        .put("bh", Compact.digest(l.bootstrapHash().hex()))
        .putMillis("t", l.intendedAt())
        .putMillis("x", l.expiresAt())
        .putMillis("fu", l.fundedUntil())
        .put("id", l.instanceId(), s -> s)
        .put("m", l.machineId(), s -> s)
        .map();
  }

  LaunchRecord parseLaunch(Fields f, int base) {
    int epoch = f.maybeInteger("e").orElse(base);
    int number = f.integer("n");
    return new LaunchRecord(
        epoch,
        number,
        f.maybeText("l").orElseGet(() -> Compact.label(f.text("o"), job, epoch, number)),
        f.text("pr"),
        f.text("rg"),
        f.text("g"),
        !f.flag("ng"),
        f.text("pc"),
        Double.parseDouble(f.text("usd")),
        f.integer("be"),
        f.integer("le"),
        new TokenHash(Compact.parseDigest(f.text("bh"))),
        f.millis("t"),
        f.millis("x"),
        f.maybeMillis("fu"),
        f.maybeText("id"),
        f.maybeText("m"));
  }

  Map<String, Object> run(Run r, JobState state) {
    var fields = Fields.fresh().putMillis("t", r.startedAt());
    if (!r.owedSince().equals(r.startedAt())) {
      fields.putMillis("ow", r.owedSince());
    }
    if (!r.phase().equals(state.wireName())) {
      fields.put("ph", r.phase());
    }
    return fields
        .putTrue("ps", r.programStarted())
        .putCount("be", r.beat())
        .put("s", r.step(), n -> n)
        .putMillis("sa", r.stepAt())
        .put("sg", r.stepGapSeconds(), n -> n)
        .put("s1", r.firstStep(), n -> n)
        .put("lo", r.loss(), n -> Double.toString(n))
        .put("ra", r.stepsPerSecond(), n -> Double.toString(n))
        .putMillis("ba", r.lastBeatAt())
        .put("rf", r.resumedFrom(), n -> n)
        .putTrue("cm", r.committed())
        .putTrue("nr", r.didNotResume())
        .putMillis("sl", r.stalledAt())
        .putTrue("as", r.afterStall())
        .put("gp", r.gpus(), g -> g)
        .map();
  }

  Run parseRun(Fields f, JobState state) {
    Instant started = f.millis("t");
    return new Run(
        started,
        f.maybeMillis("ow").orElse(started),
        f.flag("ps"),
        f.maybeNumber("be").orElse(0L),
        f.maybeText("ph").orElse(state.wireName()),
        f.maybeNumber("s"),
        f.maybeMillis("sa"),
        f.maybeNumber("sg"),
        f.maybeNumber("s1"),
        f.maybeText("lo").map(Double::valueOf),
        f.maybeText("ra").map(Double::valueOf),
        f.maybeMillis("ba"),
        f.maybeNumber("rf"),
        f.flag("cm"),
        f.flag("nr"),
        f.maybeMillis("sl"),
        f.flag("as"),
        f.maybeText("gp"));
  }

  Map<String, Object> counters(Counters c) {
    return Fields.fresh()
        .putCount("a", c.attempts())
        .putCount("np", c.noProgress())
        .putCount("ns", c.neverStarted())
        .putCount("w", c.waits())
        .map();
  }

  Counters parseCounters(Fields f) {
    return new Counters(f.count("a"), f.count("np"), f.count("ns"), f.count("w"));
  }

  Map<String, Object> journal(JournalEntry e) {
    return Fields.fresh()
        .put("q", e.sequence())
        .putMillis("t", e.at())
        .put("e", (long) e.epoch())
        .put("fr", e.from().wireName())
        .put("to", e.to().wireName())
        .put("ed", e.edge().name())
        .put("why", e.reason())
        .put("cl", e.closed(), this::closed)
        .put("cm", e.committed(), this::pointer)
        .put("cd", e.condemned(), this::pointer)
        .put("fx", Optional.of(e.effects()).filter(fx -> !fx.isEmpty()), fx -> fx)
        .map();
  }

  JournalEntry parseJournal(Fields f) {
    return new JournalEntry(
        f.number("q"),
        f.millis("t"),
        f.integer("e"),
        JobState.parse(f.text("fr")),
        JobState.parse(f.text("to")),
        Edge.valueOf(f.text("ed")),
        f.text("why"),
        f.maybeFields("cl").map(this::parseClosed),
        f.maybeFields("cm").map(this::parsePointer),
        f.maybeFields("cd").map(this::parsePointer),
        f.texts("fx"));
  }

  private Map<String, Object> closed(ClosedAttempt c) {
    return Fields.fresh()
        .put("e", (long) c.epoch())
        .put("la", c.launch(), l -> launch(l, c.epoch()))
        .putMillis("t", c.startedAt())
        .putMillis("end", c.endedAt())
        .put("oc", c.outcome().wireName())
        .put("txt", c.detail())
        .put("s1", c.firstStep(), n -> n)
        .put("s", c.lastStep(), n -> n)
        .put("rf", c.resumedFrom(), n -> n)
        .putTrue("ms", c.machineSuspect())
        .map();
  }

  private ClosedAttempt parseClosed(Fields f) {
    int epoch = f.integer("e");
    return new ClosedAttempt(
        epoch,
        f.maybeFields("la").map(l -> parseLaunch(l, epoch)),
        f.millis("t"),
        f.millis("end"),
        Outcome.parse(f.text("oc")),
        f.text("txt"),
        f.maybeNumber("s1"),
        f.maybeNumber("s"),
        f.maybeNumber("rf"),
        f.flag("ms"));
  }
}
