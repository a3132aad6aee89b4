package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.port.Item;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes a lease as the first release did, before the compact form. */
final class Format0 {
  private Format0() {}

  static Item item(Lease lease) {
    return new Item(
        LeaseCodec.key(lease.job()), lease.sequence(), attributes(lease), LeaseCodec.due(lease));
  }

  static Map<String, Object> attributes(Lease l) {
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
        .put("launches", l.launches().stream().map(Format0::launch).toList())
        .put("nextLaunch", (long) l.nextLaunch())
        .put("bound", l.bound(), Integer::longValue)
        .put("token", l.token(), TokenHash::hex)
        .put("pointer", l.pointer(), Format0::pointer)
        .put("earlier", l.earlier().stream().map(Format0::pointer).toList())
        .put("run", run(l.run()))
        .put("counters", counters(l.counters()))
        .put("closedBy", l.closedBy(), s -> s)
        .put("reason", l.reason(), s -> s)
        .put("detail", l.detail(), s -> s)
        .put("exitCode", l.exitCode(), Integer::longValue)
        .put("ended", l.endedAt())
        .put("journal", l.journal().stream().map(Format0::journal).toList())
        .map();
  }

  private static Map<String, Object> policy(Policy p) {
    return Fields.fresh()
        .put("failover", p.failover())
        .put("maxAttempts", (long) p.maxAttempts())
        .put("deadline", p.deadline())
        .map();
  }

  private static Map<String, Object> run(Run r) {
    return Fields.fresh()
        .put("at", r.startedAt().toString())
        .put("started", r.programStarted())
        .put("beat", r.beat())
        .put("phase", r.phase())
        .put("step", r.step(), n -> n)
        .put("first", r.firstStep(), n -> n)
        .put("loss", r.loss(), n -> n)
        .put("rate", r.stepsPerSecond(), n -> n)
        .put("beatAt", r.lastBeatAt())
        .put("from", r.resumedFrom(), n -> n)
        .put("committed", r.committed())
        .put("notResumed", r.didNotResume())
        .map();
  }

  private static Map<String, Object> counters(Counters c) {
    return Fields.fresh()
        .put("attempts", (long) c.attempts())
        .put("noProgress", (long) c.noProgress())
        .put("neverStarted", (long) c.neverStarted())
        .put("waits", (long) c.waits())
        .map();
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
        .put("closed", e.closed(), Format0::closed)
        .put("committed", e.committed(), Format0::pointer)
        .put("condemned", e.condemned(), Format0::pointer)
        .map();
  }

  private static Map<String, Object> pointer(Pointer p) {
    return RecordCodec.pointer(p);
  }

  private static Map<String, Object> closed(ClosedAttempt c) {
    return withoutRegion(RecordCodec.closed(c));
  }

  private static Map<String, Object> launch(LaunchRecord l) {
    var alone =
        new ClosedAttempt(
            1,
            Optional.of(l),
            Instant.EPOCH,
            Instant.EPOCH,
            Outcome.LOST,
            "",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false);
    return Fields.of(closed(alone)).maybeFields("launch").orElseThrow().map();
  }

  private static Map<String, Object> withoutRegion(Map<String, Object> closed) {
    Fields.of(closed)
        .maybeFields("launch")
        .ifPresent(l -> l.map().keySet().removeAll(List.of("region", "funded")));
    return closed;
  }
}
