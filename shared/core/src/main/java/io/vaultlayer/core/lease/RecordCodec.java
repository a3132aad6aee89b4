package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Outcome;
import java.util.Map;

/**
 * The stored form of what stands in rows of its own: commit records and ended attempts, one row
 * each, with names in full. The lease has a shorter one ({@link LeaseCodec}), because it is written
 * with every beat.
 */
public final class RecordCodec {
  private RecordCodec() {}

  /** A commit record. */
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

  static LaunchRecord parseLaunch(Fields f) {
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

  /** An attempt that is over. */
  public static Map<String, Object> closed(ClosedAttempt c) {
    return Fields.fresh()
        .put("epoch", (long) c.epoch())
        .put("launch", c.launch(), RecordCodec::launch)
        .put("start", c.startedAt().toString())
        .put("end", c.endedAt().toString())
        .put("outcome", c.outcome().wireName())
        .put("detail", c.detail())
        .put("first", c.firstStep(), n -> n)
        .put("last", c.lastStep(), n -> n)
        .put("from", c.resumedFrom(), n -> n)
        .putTrue("suspect", c.machineSuspect())
        .map();
  }

  public static ClosedAttempt parseClosed(Fields f) {
    return new ClosedAttempt(
        f.integer("epoch"),
        f.maybeFields("launch").map(RecordCodec::parseLaunch),
        f.time("start"),
        f.time("end"),
        Outcome.parse(f.text("outcome")),
        f.text("detail"),
        f.maybeNumber("first"),
        f.maybeNumber("last"),
        f.maybeNumber("from"),
        f.flag("suspect"));
  }
}
