package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.port.Item;
import java.util.List;
import java.util.Optional;

/**
 * Reads leases of the first stored form, which named everything in full and carried no format
 * number. Nothing writes it any more: a lease is stored in the present form with its next write.
 */
final class LeaseFormat0 {
  private LeaseFormat0() {}

  static Lease parse(Item item) {
    var f = Fields.of(item.attributes());
    return new Lease(
        new JobId(item.key().partition()),
        item.version(),
        f.integer("epoch"),
        JobState.parse(f.text("state")),
        f.flag("armed"),
        f.maybeFields("policy").map(LeaseFormat0::parsePolicy).orElseThrow(),
        f.maybeTime("due"),
        f.maybeTime("deadline"),
        f.maybeTime("grace"),
        f.maybeTime("drain"),
        f.maybeFields("claim").map(c -> new Claim(c.text("by"), c.time("until"))),
        f.list("launches").stream().map(RecordCodec::parseLaunch).toList(),
        f.integer("nextLaunch"),
        f.maybeInteger("bound"),
        f.maybeText("token").map(TokenHash::new),
        f.maybeFields("pointer").map(RecordCodec::parsePointer),
        f.list("earlier").stream().map(RecordCodec::parsePointer).toList(),
        f.maybeFields("run").map(LeaseFormat0::parseRun).orElseThrow(),
        f.maybeFields("counters").map(LeaseFormat0::parseCounters).orElse(Counters.ZERO),
        f.maybeText("closedBy"),
        f.maybeText("reason"),
        f.maybeText("detail"),
        f.maybeInteger("exitCode"),
        f.maybeTime("ended"),
        f.list("journal").stream().map(LeaseFormat0::parseJournal).toList());
  }

  private static Policy parsePolicy(Fields f) {
    return new Policy(f.flag("failover"), f.integer("maxAttempts"), f.maybeTime("deadline"));
  }

  private static Run parseRun(Fields f) {
    return new Run(
        f.time("at"),
        f.time("at"),
        f.flag("started"),
        f.number("beat"),
        f.text("phase"),
        f.maybeNumber("step"),
        Optional.empty(),
        Optional.empty(),
        f.maybeNumber("first"),
        f.maybeDecimal("loss"),
        f.maybeDecimal("rate"),
        f.maybeTime("beatAt"),
        f.maybeNumber("from"),
        f.flag("committed"),
        f.flag("notResumed"),
        Optional.empty(),
        false,
        Optional.empty());
  }

  private static Counters parseCounters(Fields f) {
    return new Counters(
        f.integer("attempts"),
        f.integer("noProgress"),
        f.integer("neverStarted"),
        f.integer("waits"));
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
        f.maybeFields("closed").map(RecordCodec::parseClosed),
        f.maybeFields("committed").map(RecordCodec::parsePointer),
        f.maybeFields("condemned").map(RecordCodec::parsePointer),
        List.of());
  }
}
